import {
  isPlimsollError,
  queryTurnMs,
  relayTurnAttemptsMax,
  relayTurnMs,
  relayTurnPatienceMs,
  relayTurnPatienceWantedMs,
  systemClock,
} from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { nostrCountSteps } from "../query/index.js";
import type { NostrFilter } from "./filter.js";
import type { LiveFeed } from "./live-feed.js";
import type { Peer } from "./peer.js";
import { StoredEvents } from "./stored-events.js";
import type { Subscription } from "./subscription.js";
import { Turns } from "./turns.js";

/** Lends the store, for as long as no writer needs it; rejects with STORE_ABSENT while there is none. */
export type UseStore = <T>(
  signal: AbortSignal,
  work: (reader: StoreReader, signal: AbortSignal) => Promise<T>,
) => Promise<T>;

export interface ReadingOptions {
  use: UseStore;
  /** Throws when the memory line is near. */
  throwIfTight: () => void;
  feed: LiveFeed;
}

/**
 * Reads what is stored for the peers, a few of them at a time, and none further than it takes what it was
 * sent.
 */
export class StoreReadings {
  readonly #options: ReadingOptions;
  readonly #turns = new Turns();

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Sends everything stored that a subscription asks for; settles early when it is closed. */
  async send(subscription: Subscription, filters: readonly NostrFilter[], peer: Peer): Promise<void> {
    const stored = new StoredEvents(filters);
    let attempts = 0;
    for (let isWhole = false; !isWhole && subscription.isOpen; ) {
      const turn = new Turn(this.#options, subscription, peer, stored, this.#turns);
      try {
        // Nobody waits with a turn in hand for a peer that has much to read yet.
        await peer.drained();
        isWhole = await this.#turns.take(subscription.closing.signal, () => turn.run());
      } catch (error) {
        if (!subscription.isOpen || isCode(error, "STORE_ABSENT")) return;
        attempts = turn.sentCount > 0 ? 0 : attempts + 1;
        // A writer needed the store: the next turn goes on where this one ended.
        const isAgain = isCode(error, "SERVER_BUSY") || isCode(error, "STORE_CHANGED");
        if (!isAgain || attempts >= relayTurnAttemptsMax) throw error;
      }
    }
  }

  async count(filters: readonly NostrFilter[], signal: AbortSignal): Promise<number> {
    const { use, throwIfTight } = this.#options;
    const counted = (reader: StoreReader, given: AbortSignal) =>
      inTurns(nostrCountSteps(reader, filters, { signal: given }), () => {
        given.throwIfAborted();
        throwIfTight();
      });
    try {
      return await this.#turns.take(signal, () => use(signal, counted));
    } catch (error) {
      if (isCode(error, "STORE_ABSENT")) return 0;
      throw error;
    }
  }
}

/** One turn of one subscription at the store. */
class Turn {
  readonly #options: ReadingOptions;
  readonly #subscription: Subscription;
  readonly #peer: Peer;
  readonly #stored: StoredEvents;
  readonly #turns: Turns;
  sentCount = 0;

  constructor(
    options: ReadingOptions,
    subscription: Subscription,
    peer: Peer,
    stored: StoredEvents,
    turns: Turns,
  ) {
    this.#options = options;
    this.#subscription = subscription;
    this.#peer = peer;
    this.#stored = stored;
    this.#turns = turns;
  }

  /** Whether everything has been sent; else the peer is behind, or others have waited for long enough. */
  async run(): Promise<boolean> {
    const { signal } = this.#subscription.closing;
    signal.throwIfAborted();
    // Others of its subscriptions may have had their turns meanwhile.
    if (this.#peer.isBehind) return false;
    return await this.#options.use(signal, (reader, given) => this.#sendFrom(reader, given));
  }

  async #sendFrom(reader: StoreReader, signal: AbortSignal): Promise<boolean> {
    const peer = this.#peer;
    const startMs = systemClock.nowMs();
    let last: Buffer | null = null;
    let breathMs = startMs;
    peer.gather();
    try {
      for (const bytes of this.#stored.turn(reader, signal)) {
        this.#options.feed.noteStored(this.#subscription, bytes);
        last = this.#subscription.sendEvent(bytes);
        this.sentCount++;
        const nowMs = systemClock.nowMs();
        if (!peer.isBehind && nowMs - breathMs < queryTurnMs) continue;
        if (!(await this.#breathe())) return false;
        if (nowMs - startMs > relayTurnMs && this.#turns.isWanted) return false;
        this.#options.throwIfTight();
        signal.throwIfAborted();
        breathMs = systemClock.nowMs();
      }
      return true;
    } finally {
      peer.letGo();
      if (last !== null) this.#stored.leaveBehind(this.#subscription.eventOf(last));
    }
  }

  /** Lets others have their turn, and the peer read; false when it does not for long. */
  async #breathe(): Promise<boolean> {
    const peer = this.#peer;
    peer.letGo();
    await new Promise((resolve) => setImmediate(resolve));
    const patienceMs = this.#turns.isWanted ? relayTurnPatienceWantedMs : relayTurnPatienceMs;
    if (peer.isBehind) await peer.drained(patienceMs);
    peer.gather();
    return !peer.isBehind && this.#subscription.isOpen;
  }
}

async function inTurns(steps: Generator<void, number>, check: () => void): Promise<number> {
  for (let breathMs = systemClock.nowMs(); ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (systemClock.nowMs() - breathMs < queryTurnMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    breathMs = systemClock.nowMs();
    check();
  }
}

function isCode(error: unknown, code: string): boolean {
  return isPlimsollError(error) && error.code === code;
}
