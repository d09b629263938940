import type { RelayEvent } from "./event.js";
import type { CompiledFilter } from "./filter.js";
import type { GarbagePace } from "./garbage-pace.js";
import { eventHead, eventMessage } from "./messages.js";
import type { RelayCounts } from "./relay-counts.js";

/** The peer that a subscription belongs to. */
export interface SubscriptionPeer {
  send(message: string | Buffer): void;
}

/** What one REQ asks for: first what is stored, then what is written from then on. */
export class Subscription {
  readonly id: string;
  readonly peer: SubscriptionPeer;
  readonly compiled: readonly CompiledFilter[];
  /** Of its filters as text. */
  readonly bytes: number;
  /** Ends the reading of what is stored. */
  readonly closing = new AbortController();
  /** Written while what is stored was read; null when that has been sent. */
  pending: Map<string, RelayEvent> | null = new Map();
  readonly #head: Buffer;
  readonly #counts: RelayCounts;
  readonly #garbage: GarbagePace;
  readonly #onOverflow: () => void;

  constructor(options: {
    id: string;
    peer: SubscriptionPeer;
    counts: RelayCounts;
    garbage: GarbagePace;
    compiled: readonly CompiledFilter[];
    bytes: number;
    onOverflow: (subscription: Subscription) => void;
  }) {
    this.id = options.id;
    this.peer = options.peer;
    this.#counts = options.counts;
    this.#garbage = options.garbage;
    this.compiled = options.compiled;
    this.bytes = options.bytes;
    this.#head = eventHead(options.id);
    this.#onOverflow = () => options.onOverflow(this);
  }

  /** More was written while it read what is stored than is kept for it. */
  overflow(): void {
    this.#onOverflow();
  }

  get isOpen(): boolean {
    return !this.closing.signal.aborted;
  }

  /** The message as it was sent. */
  sendEvent(bytes: Uint8Array): Buffer {
    const message = eventMessage(this.#head, bytes);
    this.peer.send(message);
    this.#counts.eventsSent++;
    this.#garbage.note(message.length);
    return message;
  }

  /** The event in a message that was sent. */
  eventOf(message: Buffer): Buffer {
    return message.subarray(this.#head.length, -1);
  }
}
