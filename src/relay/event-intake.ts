import {
  isPlimsollError,
  PlimsollError,
  relayBatchBytes,
  relayBatchEvents,
  relayEventBytesTakenMax,
  relayEventBytesWaitingMax,
  relayEventsWaitingMax,
} from "../kernel/index.js";
import type { WriteOutcome } from "../live/index.js";
import { isEphemeral, type RelayEvent } from "./event.js";
import type { LiveFeed } from "./live-feed.js";
import { SignatureThread, signedBytes } from "./signature-thread.js";

/** Writes records, and settles when they are durable. */
export type WriteRecords = (records: readonly Uint8Array[]) => Promise<WriteOutcome[]>;

/** What an OK says. */
export interface Verdict {
  isAccepted: boolean;
  text: string;
}

interface Waiting {
  event: RelayEvent;
  resolve: (verdict: Verdict) => void;
}

export interface IntakeOptions {
  feed: LiveFeed;
  write: WriteRecords;
  /** There is room again. */
  onRoom: () => void;
  /** What a peer is told of an error. */
  describe: (error: unknown) => string;
}

/**
 * Takes events of all peers: verifies their signatures in a thread, writes those that hold, passes them on.
 * What comes while a batch is verified makes the next one, which is verified while the former is written.
 */
export class EventIntake {
  readonly #options: IntakeOptions;
  readonly #thread = new SignatureThread();
  readonly #waiting: Waiting[] = [];
  #count = 0;
  #bytes = 0;
  #working: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFull = false;
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** From when as much waits as may, until half of it has gone: not everybody is woken for one event. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether even a peer of which nothing waits may bring one more. */
  get hasRoom(): boolean {
    return this.#bytes < relayEventBytesTakenMax;
  }

  /** Settles when the event is durable, or refused; never rejects. */
  async take(event: RelayEvent): Promise<Verdict> {
    if (this.#isClosed)
      return { isAccepted: false, text: this.#textOf(new PlimsollError("SERVER_STOPPING")) };
    this.#count++;
    this.#bytes += event.bytes.length;
    this.#isFull ||= this.#count >= relayEventsWaitingMax || this.#bytes >= relayEventBytesWaitingMax;
    return await new Promise((resolve) => {
      this.#waiting.push({ event, resolve });
      this.#working ??= this.#work();
    });
  }

  /** Takes no more events: what is being verified and written is waited for, and everything else refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#fail(this.#waiting.splice(0), new PlimsollError("SERVER_STOPPING"));
    await this.#working;
    await this.#thread[Symbol.asyncDispose]();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      const signed = await this.#verify(batch);
      // One batch is written while the next is verified, and no more.
      await this.#writing;
      this.#writing = this.#write(signed);
    }
    await this.#writing;
    this.#working = this.#waiting.length > 0 ? this.#work() : null;
  }

  #takeBatch(): Waiting[] {
    let [count, bytes] = [0, 0];
    while (count < this.#waiting.length && count < relayBatchEvents && bytes < relayBatchBytes) {
      bytes += this.#waiting[count++]!.event.bytes.length;
    }
    return this.#waiting.splice(0, count);
  }

  /** Those whose signatures hold; the others are answered. */
  async #verify(batch: readonly Waiting[]): Promise<Waiting[]> {
    const signed = Buffer.alloc(batch.length * signedBytes) as Buffer<ArrayBuffer>;
    for (const [at, { event }] of batch.entries()) {
      signed.write(event.id + event.pubkey + event.sig, at * signedBytes, "hex");
    }
    try {
      const flags = await this.#thread.verify(signed);
      return batch.filter((waiting, at) => {
        if (flags[at] !== 1) this.#answer(waiting, false, "invalid: sig is not by pubkey over id");
        return flags[at] === 1;
      });
    } catch (error) {
      this.#fail(batch, error);
      return [];
    }
  }

  async #write(signed: readonly Waiting[]): Promise<void> {
    const { feed, write } = this.#options;
    const passing = signed.filter(({ event }) => isEphemeral(event));
    for (const waiting of passing) {
      await feed.pass(waiting.event);
      this.#answer(waiting, true, "");
    }
    const storing = signed.filter(({ event }) => !isEphemeral(event));
    if (storing.length === 0) return;
    const events = storing.map(({ event }) => event);
    try {
      const outcomes = await feed.write(
        () => events,
        () => write(events.map(({ bytes }) => bytes)),
        (found, at) => found[at]!.state === "stored",
      );
      for (const [at, waiting] of storing.entries()) this.#settle(waiting, outcomes[at]!);
    } catch (error) {
      this.#fail(storing, error);
    }
  }

  #settle(waiting: Waiting, { state, reason }: WriteOutcome): void {
    if (state === "stored") this.#answer(waiting, true, "");
    else if (state === "duplicate") this.#answer(waiting, true, "duplicate: have this event");
    else if (state === "superseded") this.#answer(waiting, false, "replaced: have newer event");
    else if (state === "deleted") this.#answer(waiting, false, "deleted: user requested deletion");
    else this.#answer(waiting, false, `invalid: ${reason ?? "it cannot be stored"}`);
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    const text = this.#textOf(error);
    for (const waiting of batch) this.#answer(waiting, false, text);
  }

  #textOf(error: unknown): string {
    const isBusy = isPlimsollError(error) && error.code === "SERVER_BUSY";
    return `${isBusy ? "rate-limited" : "error"}: ${this.#options.describe(error)}`;
  }

  #answer({ event, resolve }: Waiting, isAccepted: boolean, text: string): void {
    this.#count--;
    this.#bytes -= event.bytes.length;
    resolve({ isAccepted, text });
    const isHalf = this.#count * 2 <= relayEventsWaitingMax && this.#bytes * 2 <= relayEventBytesWaitingMax;
    if (!this.#isFull || !isHalf) return;
    this.#isFull = false;
    this.#options.onRoom();
  }
}
