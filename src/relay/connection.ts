import type { RawData, WebSocket } from "ws";
import {
  isPlimsollError,
  relayEventsUnansweredMax,
  relayFilterBytesMax,
  relayFilterEntryBytes,
  relaySubscriptionsMax,
} from "../kernel/index.js";
import { faultOfEvent, type RelayEvent } from "./event.js";
import { compileFilter, type NostrFilter, parseFilters, UnsupportedFilter } from "./filter.js";
import { type ClientMessage, messageText, parseMessage } from "./messages.js";
import type { Peer } from "./peer.js";
import type { RelayParts } from "./relay-parts.js";
import { Subscription } from "./subscription.js";

/** Throws when the peer may not do it, or not any more. */
export type CheckScope = (scope: "read" | "write") => void;

/** One peer: its messages, its subscriptions, and how fast it is listened to. */
export class Connection {
  readonly peer: Peer;
  readonly #webSocket: WebSocket;
  readonly #parts: RelayParts;
  readonly #check: CheckScope;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #gone = new AbortController();
  #unanswered = 0;
  #countsAtWork = 0;
  #isPaused = false;
  /** An event of it was refused because too many wait: it is not listened to until there are fewer. */
  #isRefused = false;
  #isLeaving = false;

  constructor(webSocket: WebSocket, peer: Peer, parts: RelayParts, check: CheckScope) {
    this.#webSocket = webSocket;
    this.peer = peer;
    this.#parts = parts;
    this.#check = check;
    webSocket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // What is wrong with a frame closes the connection by itself.
    webSocket.on("error", () => {});
    webSocket.once("close", () => this.#forget());
    peer.onRoom(() => this.adjust());
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  /** Called at every heartbeat: lets a peer go that has lost its right, or shows no life. */
  beat(): void {
    try {
      this.#check("read");
    } catch {
      this.close(1008, "the token does not hold any more");
      return;
    }
    const isAlive = this.peer.showsLife() || (this.#isPaused && !this.peer.isBehind);
    if (isAlive) this.#webSocket.ping();
    else this.peer.cut();
  }

  /** Listens to the peer, or not for a while. */
  adjust(): void {
    const isIntakeFull = this.#parts.intake.isFull;
    this.#isRefused &&= isIntakeFull;
    const isTooMuch =
      this.#isLeaving ||
      this.#unanswered >= relayEventsUnansweredMax ||
      this.peer.isBehind ||
      (isIntakeFull && (this.#unanswered > 0 || this.#isRefused));
    if (isTooMuch === this.#isPaused) return;
    this.#isPaused = isTooMuch;
    if (isTooMuch) this.#webSocket.pause();
    else this.#webSocket.resume();
  }

  /** Nothing that it says is listened to any more. */
  leave(): void {
    this.#isLeaving = true;
    this.adjust();
  }

  close(code: number, reason: string): void {
    this.#isLeaving = true;
    this.#webSocket.close(code, reason);
    // Its farewell is all that is waited for.
    this.#webSocket.resume();
  }

  #receive(data: RawData, isBinary: boolean): void {
    const { counts, garbage } = this.#parts;
    this.peer.noteMessage();
    if (this.#isLeaving) return;
    garbage.note((data as Buffer).length);
    if (isBinary) {
      this.close(1003, "messages are text");
      return;
    }
    let message: ClientMessage;
    try {
      message = parseMessage(data as Buffer);
    } catch (error) {
      counts.message("invalid");
      this.#notice(error);
      return;
    }
    counts.message(message.verb);
    if (message.verb === "EVENT") this.#takeEvent(message.event);
    else if (message.verb === "CLOSE") this.#drop(this.#subscriptions.get(message.subscription));
    else if (message.verb === "REQ") this.#subscribe(message.subscription, message.filters, data as Buffer);
    else void this.#count(message.subscription, message.filters, data as Buffer);
    this.adjust();
  }

  #takeEvent(event: RelayEvent): void {
    const fault = this.#faultOf(event);
    if (fault !== null) {
      this.#refuseEvent(event, fault);
      return;
    }
    if (!this.#parts.intake.hasRoom) {
      this.#isRefused = true;
      this.#refuseEvent(event, "rate-limited: as many events as can wait are waiting");
      return;
    }
    this.#unanswered++;
    void this.#parts.intake.take(event).then(({ isAccepted, text }) => {
      this.#unanswered--;
      this.#send("OK", event.id, isAccepted, text);
      this.adjust();
    });
  }

  #refuseEvent({ id }: RelayEvent, reason: string): void {
    this.#send("OK", typeof id === "string" ? id.slice(0, 64) : "", false, reason);
  }

  #faultOf(event: RelayEvent): string | null {
    try {
      this.#check("write");
    } catch (error) {
      return `restricted: ${this.#parts.describe(error)}`;
    }
    return faultOfEvent(event, Math.floor(Date.now() / 1000));
  }

  #subscribe(id: string, values: unknown[], message: Buffer): void {
    const { feed, filterBytes, tokens, counts, garbage } = this.#parts;
    // A subscription of the same name is replaced, whatever becomes of the new one.
    this.#drop(this.#subscriptions.get(id));
    try {
      this.#check("read");
      const filters = parseFilters(values);
      this.#parts.throwIfTight();
      const compiled = filters.map((filter) => compileFilter(filter, tokens));
      const bytes = message.length + relayFilterEntryBytes;
      if (this.#subscriptions.size >= relaySubscriptionsMax) {
        throw new Refusal(`rate-limited: there may be ${relaySubscriptionsMax} subscriptions`);
      }
      this.#assertFilterRoom(bytes);
      const subscription = new Subscription({
        id,
        peer: this.peer,
        compiled,
        counts,
        garbage,
        bytes,
        onOverflow: (late) => this.#overflow(late),
      });
      filterBytes.taken += bytes;
      this.#subscriptions.set(id, subscription);
      feed.add(subscription);
      void this.#sendStored(subscription, filters);
    } catch (error) {
      this.#closed(id, error);
    }
  }

  async #sendStored(subscription: Subscription, filters: readonly NostrFilter[]): Promise<void> {
    try {
      await this.#parts.readings.send(subscription, filters, this.peer);
      if (!subscription.isOpen) return;
      this.#send("EOSE", subscription.id);
      await this.#parts.feed.goLive(subscription, () => this.peer.drained());
    } catch (error) {
      if (!subscription.isOpen) return;
      this.#drop(subscription);
      this.#closed(subscription.id, error);
    }
  }

  async #count(id: string, values: unknown[], message: Buffer): Promise<void> {
    const { readings, tokens, filterBytes } = this.#parts;
    let bytes = 0;
    this.#countsAtWork++;
    try {
      this.#check("read");
      if (this.#countsAtWork > relaySubscriptionsMax) throw new Refusal("rate-limited: too many at once");
      const filters: NostrFilter[] = parseFilters(values);
      for (const filter of filters) compileFilter(filter, tokens);
      this.#assertFilterRoom(message.length + relayFilterEntryBytes);
      bytes = message.length + relayFilterEntryBytes;
      filterBytes.taken += bytes;
      this.#send("COUNT", id, { count: await readings.count(filters, this.#gone.signal) });
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#closed(id, error);
    } finally {
      this.#countsAtWork--;
      filterBytes.taken -= bytes;
    }
  }

  #assertFilterRoom(bytes: number): void {
    if (this.#parts.filterBytes.taken + bytes <= relayFilterBytesMax) return;
    throw new Refusal("rate-limited: the relay holds as many filters as it can");
  }

  #overflow(subscription: Subscription): void {
    this.#drop(subscription);
    const text = "rate-limited: too much was written before the stored events were read";
    this.#send("CLOSED", subscription.id, text);
  }

  #closed(id: string, error: unknown): void {
    this.#send("CLOSED", id, this.#textOf(error));
  }

  #notice(error: unknown): void {
    this.#send("NOTICE", this.#textOf(error));
    this.adjust();
  }

  #textOf(error: unknown): string {
    if (error instanceof Refusal || error instanceof UnsupportedFilter) return error.message;
    const text = this.#parts.describe(error);
    if (!isPlimsollError(error)) return `error: ${text}`;
    if (error.code === "RELAY_MESSAGE" || error.code === "QUERY_INVALID") return `invalid: ${text}`;
    if (error.code === "SERVER_BUSY") return `rate-limited: ${text}`;
    if (error.code === "TOKEN_MISSING" || error.code === "TOKEN_TOO_WEAK") return `restricted: ${text}`;
    return `error: ${text}`;
  }

  #drop(subscription: Subscription | undefined): void {
    if (subscription === undefined || !subscription.isOpen) return;
    subscription.closing.abort();
    this.#subscriptions.delete(subscription.id);
    this.#parts.filterBytes.taken -= subscription.bytes;
    this.#parts.feed.remove(subscription);
  }

  #send(...message: Parameters<typeof messageText>): void {
    this.peer.send(messageText(...message));
  }

  #forget(): void {
    this.#gone.abort();
    for (const subscription of [...this.#subscriptions.values()]) this.#drop(subscription);
  }
}

/** What is not wrong, and too much. */
class Refusal extends Error {}
