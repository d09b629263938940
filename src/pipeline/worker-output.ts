import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { assert } from "../kernel/index.js";
import type { CreditMessage, OutputPart, OutputReply } from "./worker-protocol.js";

type PartHead = OutputPart extends infer Part
  ? Part extends OutputPart
    ? Omit<Part, "offset" | "length">
    : never
  : never;

/**
 * Collects what a request puts out in one transferable buffer. A buffer that is full goes to the main thread,
 * which gives it back: the worker waits for it, since the main thread always comes round to it.
 */
export class WorkerOutput {
  readonly #port: MessagePort;
  readonly #credits: Int32Array;
  readonly #ordinal: number;
  #buffer: ArrayBuffer;
  #parts: OutputPart[] = [];
  #used = 0;

  constructor(port: MessagePort, credits: Int32Array, ordinal: number, buffer: ArrayBuffer) {
    this.#port = port;
    this.#credits = credits;
    this.#ordinal = ordinal;
    this.#buffer = buffer;
  }

  add(head: PartHead, bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#buffer.byteLength) this.#turn();
    if (bytes.length > this.#buffer.byteLength) {
      // Larger than any buffer of the pool: it goes alone in one of its own, which is dropped afterwards.
      this.#sendAlone(head, bytes);
      return;
    }
    new Uint8Array(this.#buffer, this.#used, bytes.length).set(bytes);
    this.#parts.push({ ...head, offset: this.#used, length: bytes.length } as OutputPart);
    // Views of u64 need their offset aligned.
    this.#used += Math.ceil(bytes.length / 8) * 8;
  }

  /** The buffer with what it holds, for the final answer. */
  take(): { output: ArrayBuffer; parts: OutputPart[] } {
    return { output: this.#buffer, parts: this.#parts };
  }

  /** Sends what is left; the buffer comes back. */
  flush(): ArrayBuffer {
    if (this.#parts.length > 0) this.#turn();
    return this.#buffer;
  }

  #turn(): void {
    if (this.#parts.length === 0) return;
    this.#send(this.#buffer, this.#parts);
    this.#buffer = this.#receive();
    this.#parts = [];
    this.#used = 0;
  }

  #sendAlone(head: PartHead, bytes: Uint8Array): void {
    const own = new ArrayBuffer(bytes.length);
    new Uint8Array(own).set(bytes);
    this.#send(own, [{ ...head, offset: 0, length: bytes.length } as OutputPart]);
    this.#receive();
  }

  #send(output: ArrayBuffer, parts: OutputPart[]): void {
    const reply: OutputReply = { kind: "output", ordinal: this.#ordinal, output, parts };
    this.#port.postMessage(reply, [output]);
  }

  /** Waits until the main thread has given a buffer back; it does so for every one that it was sent. */
  #receive(): ArrayBuffer {
    for (;;) {
      const credits = Atomics.load(this.#credits, 0);
      if (credits < 0) throw new Error("the worker was ended");
      if (credits > 0) break;
      Atomics.wait(this.#credits, 0, 0);
    }
    Atomics.sub(this.#credits, 0, 1);
    const received = receiveMessageOnPort(this.#port) as { message: CreditMessage } | undefined;
    assert(received?.message.kind === "credit", "a credit is counted after its message was sent");
    return received.message.output;
  }
}
