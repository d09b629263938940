import type { RelayEvent } from "./event.js";
import type { CompiledFilter, NostrFilter } from "./filter.js";
import { eventHead, eventMessage } from "./messages.js";

/** The peer that a subscription belongs to. */
export interface SubscriptionPeer {
  send(message: string | Buffer): void;
}

/** What one REQ asks for: first what is stored, then what is written from then on. */
export class Subscription {
  readonly id: string;
  readonly peer: SubscriptionPeer;
  readonly filters: readonly NostrFilter[];
  readonly compiled: readonly CompiledFilter[];
  /** Of its filters as text. */
  readonly bytes: number;
  /** Ends the reading of what is stored. */
  readonly closing = new AbortController();
  /** Written while what is stored was read; null when that has been sent. */
  pending: Map<string, RelayEvent> | null = new Map();
  readonly #head: Buffer;
  readonly #onOverflow: () => void;

  constructor(options: {
    id: string;
    peer: SubscriptionPeer;
    filters: readonly NostrFilter[];
    compiled: readonly CompiledFilter[];
    bytes: number;
    onOverflow: (subscription: Subscription) => void;
  }) {
    this.id = options.id;
    this.peer = options.peer;
    this.filters = options.filters;
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
    return message;
  }

  /** The event in a message that was sent. */
  eventOf(message: Buffer): Buffer {
    return message.subarray(this.#head.length, -1);
  }
}
