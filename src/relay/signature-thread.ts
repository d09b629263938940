import { type ResourceLimits, Worker } from "node:worker_threads";
import {
  MiB,
  PlimsollError,
  relayVerifierIdleMs,
  relayVerifierOldHeapBytes,
  relayVerifierYoungHeapBytes,
} from "../kernel/index.js";

/** Id, key and signature of an event, one behind the other. */
export const signedBytes = 32 + 32 + 64;

// Threads always run the built file: a test that imports the sources has no loader for TypeScript in one.
const threadUrl = new URL("../../dist/bundle/signature-worker.cjs", import.meta.url);

const resourceLimits: ResourceLimits = {
  maxOldGenerationSizeMb: relayVerifierOldHeapBytes / MiB,
  maxYoungGenerationSizeMb: relayVerifierYoungHeapBytes / MiB,
};

/** Verifies signatures in a thread that is there while there is something to verify. One batch at a time. */
export class SignatureThread implements AsyncDisposable {
  #worker: Worker | null = null;
  #answer: { resolve: (flags: Uint8Array) => void; reject: (error: unknown) => void } | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** One flag for each signature: whether it holds. The bytes are given away. */
  async verify(batch: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const worker = this.#worker ?? this.#start();
    // Where nobody is listened to for a while, this may be all that the process has to wait for.
    worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#answer = { resolve, reject };
        worker.postMessage(batch, [batch.buffer]);
      });
    } finally {
      this.#answer = null;
      worker.unref();
      this.#timer = setTimeout(() => void this.#end(), relayVerifierIdleMs);
      this.#timer.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#end();
  }

  #start(): Worker {
    const worker = new Worker(threadUrl, { resourceLimits });
    worker.on("message", (flags: Uint8Array) => this.#answer?.resolve(flags));
    worker.on("error", (error) => this.#lose(worker, error));
    worker.on("exit", () => this.#lose(worker, new PlimsollError("WORKER_LOST", { reason: "it ended" })));
    this.#worker = worker;
    return worker;
  }

  /** The next batch gets a new thread. */
  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#answer?.reject(error);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#answer?.reject(new PlimsollError("SERVER_STOPPING"));
    await worker?.terminate();
  }
}
