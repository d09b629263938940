import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import {
  relayBehindBytes,
  relayHeldBytesMax,
  relayUnreadBytesMax,
  relayUnsentMessageBytes,
} from "../kernel/index.js";

/** The peer reads nothing any more, or has gone. */
export class PeerGone extends Error {}

/** What waits for all peers together, kept up to date by each of them. */
export class Backlog {
  bytes = 0;
  readonly #onCrowded: () => void;

  /** `onCrowded` is called when more waits than may, and cuts peers until it is less. */
  constructor(onCrowded: () => void) {
    this.#onCrowded = onCrowded;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    if (bytes > 0 && this.bytes > relayHeldBytesMax) this.#onCrowded();
  }
}

/** The sending side of a connection: how much the peer has not read yet, and what follows from it. */
export class Peer {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  /** Called whenever the peer has read so much that it is not behind, and when it has gone. */
  readonly #onRoom = new Set<() => void>();
  #isGathering = false;
  readonly #backlog: Backlog;
  /** What messages take that are held for the socket: the system has them when its turn has come. */
  #unsentBytes = 0;
  /** What of the backlog is this peer's. */
  #waitingBytes = 0;
  #isCut = false;
  /** Bytes that had come when the last message was whole. */
  #wholeBytes = 0;
  /** At the last heartbeat. */
  #seen = { received: -1, taken: 0, unread: 0 };

  constructor(webSocket: WebSocket, socket: Duplex, backlog: Backlog) {
    this.#webSocket = webSocket;
    this.#backlog = backlog;
    this.#socket = socket as Socket;
    this.noteMessage();
    socket.once("close", () => {
      this.#isCut = true;
      this.#noteWaiting();
      this.#callListeners();
    });
  }

  get isOpen(): boolean {
    return !this.#isCut && this.#webSocket.readyState === this.#webSocket.OPEN && !this.#socket.destroyed;
  }

  get unreadBytes(): number {
    return this.#unsentBytes;
  }

  /** What is held for it: what it has not read, and the message that it is sending. */
  get heldBytes(): number {
    if (this.#isCut) return 0;
    return this.unreadBytes + this.#socket.bytesRead - this.#wholeBytes;
  }

  /** A message of it is whole. */
  noteMessage(): void {
    this.#wholeBytes = this.#socket.bytesRead;
  }

  /** Too much waits for it already to read more for it from the store. */
  get isBehind(): boolean {
    return this.unreadBytes > relayBehindBytes;
  }

  send(message: string | Buffer): void {
    if (!this.isOpen) return;
    // One message of any size is all right for a peer that has read the former.
    if (this.unreadBytes > relayUnreadBytesMax) {
      this.cut();
      return;
    }
    const bytes = Buffer.byteLength(message) + relayUnsentMessageBytes;
    this.#unsentBytes += bytes;
    this.#webSocket.send(message, { binary: false }, () => this.#noteSent(bytes));
    this.#noteWaiting();
  }

  onRoom(listener: () => void): void {
    this.#onRoom.add(listener);
  }

  /** What is sent from now on goes out in larger pieces. */
  gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#socket.cork();
  }

  letGo(): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    this.#socket.uncork();
  }

  cut(): void {
    this.#isCut = true;
    this.#webSocket.terminate();
    this.#noteWaiting();
  }

  /** Settles when the peer has read what waits for it, has gone, or after so long. */
  async drained(ms?: number): Promise<void> {
    if (!this.isBehind || !this.isOpen) return;
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(over, ms);
      const onRoom = this.#onRoom;
      function over(): void {
        clearTimeout(timer);
        onRoom.delete(over);
        resolve();
      }
      onRoom.add(over);
    });
  }

  #noteSent(bytes: number): void {
    this.#unsentBytes -= bytes;
    this.#noteWaiting();
    if (!this.isBehind) this.#callListeners();
  }

  /**
   * A message may find all others behind: what waits is held to its bound with each one that is sent, since
   * a single event can go to thousands of subscriptions before anybody else has a turn.
   */
  #noteWaiting(): void {
    const bytes = this.#isCut ? 0 : this.unreadBytes;
    const more = bytes - this.#waitingBytes;
    this.#waitingBytes = bytes;
    this.#backlog.add(more);
  }

  #callListeners(): void {
    for (const listener of [...this.#onRoom]) listener();
  }

  /** Whether it said something since the last time, or took some of what waited for it. */
  showsLife(): boolean {
    const { bytesRead: received, writableLength: unread, bytesWritten } = this.#socket;
    const taken = bytesWritten - unread;
    const before = this.#seen;
    this.#seen = { received, taken, unread };
    return received !== before.received || (before.unread > 0 && taken !== before.taken);
  }
}
