import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { relayBehindBytes, relayUnreadBytesMax, relayUnsentMessageBytes } from "../kernel/index.js";

/** The peer reads nothing any more, or has gone. */
export class PeerGone extends Error {}

/** The sending side of a connection: how much the peer has not read yet, and what follows from it. */
export class Peer {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  /** Called whenever the peer has read so much that it is not behind, and when it has gone. */
  readonly #onRoom = new Set<() => void>();
  #isGathering = false;
  /** Messages that the system has not taken yet. */
  #unsentCount = 0;
  /** Bytes that had come when the last message was whole. */
  #wholeBytes = 0;
  /** At the last heartbeat. */
  #seen = { received: -1, taken: 0, unread: 0 };

  constructor(webSocket: WebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    this.#socket = socket as Socket;
    this.noteMessage();
    socket.once("close", () => this.#callListeners());
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN && !this.#socket.destroyed;
  }

  get unreadBytes(): number {
    return this.#socket.writableLength + this.#unsentCount * relayUnsentMessageBytes;
  }

  /** What is held for it: what it has not read, and the message that it is sending. */
  get heldBytes(): number {
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
    this.#unsentCount++;
    this.#webSocket.send(message, { binary: false }, this.#noteSent);
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
    this.#webSocket.terminate();
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

  readonly #noteSent = (): void => {
    this.#unsentCount--;
    if (this.isBehind) return;
    this.#callListeners();
  };

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
