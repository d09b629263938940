import { setImmediate } from "node:timers/promises";
import { relayBurstBytesMax, relayPendingBytesMax } from "../kernel/index.js";
import type { RelayEvent } from "./event.js";
import type { Tokens } from "./filter.js";
import { FilterIndex } from "./filter-index.js";
import type { Subscription } from "./subscription.js";

/** What an entry of a waiting event takes beside its bytes. */
const pendingEntryBytes = 256;

/** Events that are being written: a query may see them before it is told that they are. */
interface Writing {
  ids: ReadonlySet<string>;
  /** Subscriptions that met such an event among the stored ones. */
  seenBy: Map<string, Set<Subscription>>;
}

/**
 * Brings what is written to the subscriptions that it matches, each event once: what a subscription meets
 * among the stored events while it is being written, or before it was brought, is not brought again.
 */
export class LiveFeed {
  readonly #index: FilterIndex<Subscription>;
  readonly #writings = new Set<Writing>();
  #pendingBytes = 0;
  /** Sent since sockets last had their turn. */
  #burstBytes = 0;

  constructor(tokens: Tokens) {
    this.#index = new FilterIndex(tokens);
  }

  add(subscription: Subscription): void {
    this.#index.add(subscription, subscription.compiled);
  }

  remove(subscription: Subscription): void {
    this.#index.remove(subscription);
    this.#forgetPending(subscription);
  }

  /** Writes events, and brings those to the subscriptions that the outcome names as new. */
  async write<T>(
    events: () => readonly (RelayEvent | null)[],
    work: () => Promise<T>,
    isNew: (result: T, at: number) => boolean,
  ): Promise<T> {
    const writing = new LazyWriting(events);
    this.#writings.add(writing);
    try {
      const result = await work();
      // Whoever subscribes from now on finds them stored, and is known to have seen them.
      if (this.#index.isEmpty) return result;
      for (const [at, event] of events().entries()) {
        if (event !== null && isNew(result, at)) await this.#bring(event, writing);
      }
      return result;
    } finally {
      this.#writings.delete(writing);
    }
  }

  /** Brings an event that is not stored. */
  async pass(event: RelayEvent): Promise<void> {
    await this.#bring(event, null);
  }

  /** A subscription was sent an event from the store. */
  noteStored(subscription: Subscription, bytes: Uint8Array): void {
    const { pending } = subscription;
    if (this.#writings.size === 0 && (pending === null || pending.size === 0)) return;
    const { id } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { id: string };
    const waiting = pending?.get(id);
    if (waiting !== undefined) this.#drop(subscription, waiting);
    for (const writing of this.#writings) {
      if (!writing.ids.has(id)) continue;
      const seen = writing.seenBy.get(id);
      if (seen === undefined) writing.seenBy.set(id, new Set([subscription]));
      else seen.add(subscription);
    }
  }

  /**
   * What is stored has been sent: what was written meanwhile follows, no faster than the peer reads, and from
   * then on all at once.
   */
  async goLive(subscription: Subscription, drained: () => Promise<void>): Promise<void> {
    // What is written meanwhile goes behind these.
    for (const event of subscription.pending?.values() ?? []) {
      await drained();
      if (!subscription.isOpen) return;
      this.#drop(subscription, event);
      subscription.sendEvent(event.bytes);
    }
    subscription.pending = null;
  }

  /**
   * One event may go to thousands of subscriptions. What is written to a socket is held until the socket has
   * its turn, even where the system took it at once: so they have it now and then.
   */
  async #bring(event: RelayEvent, writing: Writing | null): Promise<void> {
    for (const subscription of [...this.#index.ownersOf(event)]) {
      const hasSeen = writing?.seenBy.get(event.id)?.has(subscription) === true;
      if (!subscription.isOpen || hasSeen) continue;
      if (subscription.pending !== null) {
        this.#keep(subscription, event);
        continue;
      }
      this.#burstBytes += subscription.sendEvent(event.bytes).length;
      if (this.#burstBytes < relayBurstBytesMax) continue;
      this.#burstBytes = 0;
      await setImmediate();
    }
  }

  #keep(subscription: Subscription, event: RelayEvent): void {
    if (subscription.pending!.has(event.id)) return;
    subscription.pending!.set(event.id, event);
    this.#pendingBytes += event.bytes.length + pendingEntryBytes;
    if (this.#pendingBytes > relayPendingBytesMax) subscription.overflow();
  }

  #drop(subscription: Subscription, event: RelayEvent): void {
    subscription.pending!.delete(event.id);
    this.#pendingBytes -= event.bytes.length + pendingEntryBytes;
  }

  #forgetPending(subscription: Subscription): void {
    for (const event of [...(subscription.pending?.values() ?? [])]) this.#drop(subscription, event);
    subscription.pending = null;
  }
}

/** Ids are only looked at when somebody reads while these are written. */
class LazyWriting implements Writing {
  readonly seenBy = new Map<string, Set<Subscription>>();
  readonly #events: () => readonly (RelayEvent | null)[];
  #ids: ReadonlySet<string> | null = null;

  constructor(events: () => readonly (RelayEvent | null)[]) {
    this.#events = events;
  }

  get ids(): ReadonlySet<string> {
    this.#ids ??= new Set(this.#events().flatMap((event) => (event === null ? [] : [event.id])));
    return this.#ids;
  }
}
