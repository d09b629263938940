import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import {
  Kernel,
  PlimsollError,
  queryKernelBytes,
  relayChunksMax,
  relayConnectionBytes,
  relayConnectionsMax,
  relayFixedBytes,
  relayFragmentsMax,
  relayGoodbyeMs,
  relayHeartbeatMs,
  relayHeldBytesMax,
  relayMessageBytesMax,
  relaySweepMs,
  systemClock,
} from "../kernel/index.js";
import type { WriteOutcome } from "../live/index.js";
import { TermEncoder } from "../model/index.js";
import { QueryTerms } from "../query/index.js";
import { type CheckScope, Connection } from "./connection.js";
import { isExpired, type RelayEvent } from "./event.js";
import { EventIntake, type WriteRecords } from "./event-intake.js";
import { GarbagePace } from "./garbage-pace.js";
import { LiveFeed } from "./live-feed.js";
import { Backlog, Peer } from "./peer.js";
import { RelayCounts } from "./relay-counts.js";
import type { RelayParts } from "./relay-parts.js";
import { type ReadingOptions, StoreReadings } from "./store-readings.js";

export interface RelayOptions extends Omit<ReadingOptions, "feed"> {
  /** Writes events into the store, which is made by the first of them. */
  write: WriteRecords;
  /** What a peer is told of an error; what is a bug goes to the log. */
  describe: (error: unknown) => string;
}

/** A WebSocket endpoint that speaks NIP-01 with any number of peers, up to a bound. */
export class Relay {
  readonly counts = new RelayCounts();
  readonly #parts: RelayParts;
  readonly #connections = new Set<Connection>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: relayMessageBytesMax,
    maxFragments: relayFragmentsMax,
    maxBufferedChunks: relayChunksMax,
  });
  readonly #throwIfTight: () => void;
  readonly #backlog = new Backlog(() => this.#cutTheWorst());
  #words: QueryTerms | null = null;
  #sweeping: NodeJS.Timeout | null = null;
  #beatenAtMs = 0;
  #isClosed = false;

  constructor({ use, throwIfTight, write, describe }: RelayOptions) {
    const tokens = (text: string) => this.#wordsOf(text);
    const feed = new LiveFeed(tokens);
    this.#throwIfTight = throwIfTight;
    const onRoom = () => this.#adjustAll();
    this.#parts = {
      feed,
      intake: new EventIntake({ feed, write, describe, onRoom }),
      readings: new StoreReadings({ use, throwIfTight, feed }),
      counts: this.counts,
      garbage: new GarbagePace(),
      throwIfTight,
      tokens,
      filterBytes: { taken: 0 },
      describe,
    };
  }

  /** Its part of the line, from the first connection on. */
  get lineBytes(): number {
    if (this.#sweeping === null) return 0;
    return relayFixedBytes + this.#connections.size * relayConnectionBytes;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get subscriptionCount(): number {
    let count = 0;
    for (const connection of this.#connections) count += connection.subscriptionCount;
    return count;
  }

  /** Takes a connection over that may be made a WebSocket. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, check: CheckScope): void {
    if (this.#isClosed) throw new PlimsollError("SERVER_STOPPING");
    if (this.#connections.size >= relayConnectionsMax) {
      this.counts.connectionsRefused++;
      throw new PlimsollError("SERVER_BUSY", { what: "one more relay connection" });
    }
    this.#throwIfTight();
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(
        webSocket,
        new Peer(webSocket, socket, this.#backlog),
        this.#parts,
        check,
      );
      this.#connections.add(connection);
      webSocket.once("close", () => this.#connections.delete(connection));
      this.#sweeping ??= setInterval(() => this.#sweep(), relaySweepMs).unref();
    });
  }

  /**
   * Writes records by another way than a peer's EVENT: what is new of them goes to the subscriptions as well.
   */
  async write(records: readonly Uint8Array[], work: () => Promise<WriteOutcome[]>): Promise<WriteOutcome[]> {
    let events: (RelayEvent | null)[] | null = null;
    const parsed = () => {
      events ??= records.map(eventOf);
      return events;
    };
    return await this.#parts.feed.write(parsed, work, (found, at) => found[at]!.state === "stored");
  }

  /** Events that were taken are answered, and peers told that the server goes. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
    for (const connection of this.#connections) connection.leave();
    await this.#parts.intake.close();
    for (const connection of this.#connections) connection.close(1001, "the server is being stopped");
    const endMs = systemClock.nowMs() + relayGoodbyeMs;
    while (this.#connections.size > 0 && systemClock.nowMs() < endMs) await systemClock.sleep(10);
    for (const connection of this.#connections) connection.peer.cut();
    this.#server.close();
  }

  #sweep(): void {
    this.#cutTheWorst();
    const nowMs = systemClock.nowMs();
    if (nowMs - this.#beatenAtMs < relayHeartbeatMs) return;
    this.#beatenAtMs = nowMs;
    for (const connection of this.#connections) connection.beat();
  }

  #adjustAll(): void {
    for (const connection of this.#connections) connection.adjust();
  }

  /** What is held for all peers is bounded together: whoever has most of it goes first. */
  #cutTheWorst(): void {
    const peers = [...this.#connections].map(({ peer }) => ({ peer, heldBytes: peer.heldBytes }));
    peers.sort((left, right) => left.heldBytes - right.heldBytes);
    let all = peers.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    while (all > relayHeldBytesMax) {
      const worst = peers.pop()!;
      all -= worst.heldBytes;
      worst.peer.cut();
    }
  }

  /** The words of a text; the tables for it are loaded when the first search comes. */
  #wordsOf(text: string): string[] {
    this.#words ??= new QueryTerms(new TermEncoder(new Kernel({ memoryBytes: queryKernelBytes })));
    return this.#words.tokens(text);
  }
}

/** Null for what is no event, and not stored either, and for what nobody is to see any more. */
function eventOf(bytes: Uint8Array): RelayEvent | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as RelayEvent | null;
    if (typeof value?.id !== "string" || !Array.isArray(value.tags)) return null;
    const event = { ...value, bytes };
    return isExpired(event, Math.floor(Date.now() / 1000)) ? null : event;
  } catch {
    return null;
  }
}
