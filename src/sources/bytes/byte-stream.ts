/**
 * Bytes by pulling: nothing is read before it is asked for, beyond one chunk of read-ahead.
 * A chunk is valid until the next call of `next`; it must not be changed.
 */
export interface ByteStream {
  /** The next bytes, never empty; null at the end. Throws SOURCE_DAMAGED after the last good byte. */
  next(): Promise<Uint8Array | null>;
  /** Stored (compressed) bytes taken so far. */
  readonly bytesRead: number;
  /** Frees handles and child processes; idempotent; a `next` under way settles. */
  close(): Promise<void>;
}

/** Settles with the promise, or rejects with the signal's reason if that comes first; leaves no listener. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Puts bytes that were read for a look back in front of a stream. */
export class PrefixedBytes implements ByteStream {
  #prefix: Uint8Array | null;
  readonly #rest: ByteStream;

  constructor(prefix: Uint8Array, rest: ByteStream) {
    this.#prefix = prefix.length > 0 ? prefix : null;
    this.#rest = rest;
  }

  get bytesRead(): number {
    return this.#rest.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    const prefix = this.#prefix;
    if (prefix === null) return this.#rest.next();
    this.#prefix = null;
    return prefix;
  }

  close(): Promise<void> {
    return this.#rest.close();
  }
}

/** The first bytes of a stream; a stream that ends sooner ends it too. */
export class StretchBytes implements ByteStream {
  readonly #stored: ByteStream;
  #left: number;

  constructor(stored: ByteStream, bytes: number) {
    this.#stored = stored;
    this.#left = bytes;
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#left === 0) return null;
    const chunk = (await this.#stored.next())?.subarray(0, this.#left) ?? null;
    this.#left -= chunk?.length ?? 0;
    return chunk;
  }

  close(): Promise<void> {
    return this.#stored.close();
  }
}

/** A stream with bytes in front of it and behind it. */
export class JoinedBytes implements ByteStream {
  readonly #body: ByteStream;
  #tail: Uint8Array | null;

  constructor(head: Uint8Array, body: ByteStream, tail: Uint8Array) {
    this.#body = new PrefixedBytes(head, body);
    this.#tail = tail.length > 0 ? tail : null;
  }

  get bytesRead(): number {
    return this.#body.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    const chunk = await this.#body.next();
    if (chunk !== null) return chunk;
    const tail = this.#tail;
    this.#tail = null;
    return tail;
  }

  close(): Promise<void> {
    return this.#body.close();
  }
}

/** Reads until there are `bytesMax` bytes, enough of them, or no more; the answer is a copy. */
export async function readHead(
  stream: ByteStream,
  bytesMax: number,
  isEnough: (head: Uint8Array) => boolean = () => false,
): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < bytesMax && !(head.length > 0 && isEnough(head))) {
    const chunk = await stream.next();
    if (chunk === null) break;
    head = Buffer.concat([head, chunk]);
  }
  return head;
}
