import { replicaPieceBytesMax } from "../../kernel/index.js";
import type { PartEntry } from "../../ports/index.js";

/**
 * Behind each key stands which piece of the value it is; the last one, mostly the only one, has this mark.
 */
const lastPiece = 0xff;

/** What an entry is when it travels. */
export function* pieceSizes(
  keyBytes: number,
  valueBytes: number,
): Iterable<{ keyBytes: number; valueBytes: number }> {
  let left = valueBytes;
  for (; left > replicaPieceBytesMax; left -= replicaPieceBytesMax) {
    yield { keyBytes: keyBytes + 1, valueBytes: replicaPieceBytesMax };
  }
  yield { keyBytes: keyBytes + 1, valueBytes: left };
}

/** The pieces of an entry. Their keys rise, because no key of a scope begins another one. */
export function* piecesOf({ key, value }: PartEntry): Iterable<PartEntry> {
  let from = 0;
  let piece = 0;
  for (const { keyBytes, valueBytes } of pieceSizes(key.length, value.length)) {
    const end = from + valueBytes;
    const wireKey = new Uint8Array(keyBytes);
    wireKey.set(key);
    wireKey[key.length] = end === value.length ? lastPiece : piece;
    yield { key: wireKey, value: value.subarray(from, end) };
    from = end;
    piece++;
  }
}

/** Puts values together again. */
export class PieceJoiner {
  #held: Buffer[] = [];
  /** Of the pieces of a value that has not come to its end. */
  heldBytes = 0;

  /**
   * The entry that this piece ends, as views that hold as long as the piece's; null when there is more of it.
   */
  add({ key, value }: PartEntry): PartEntry | null {
    if (key[key.length - 1] !== lastPiece) {
      this.#held.push(Buffer.from(value));
      this.heldBytes += value.length;
      return null;
    }
    const whole = this.#held.length === 0 ? value : Buffer.concat([...this.#held, value]);
    this.#held = [];
    this.heldBytes = 0;
    return { key: key.subarray(0, -1), value: whole };
  }
}
