import { replicaValueCopies } from "../../kernel/index.js";
import type { PartEntry, TransferRoom } from "../../ports/index.js";

/** Entries are copied out of the store into one buffer, so that it need not stay open while they are used. */
export class PartSlab {
  readonly #bytes: Buffer;
  readonly #entriesMax: number;
  readonly #room: TransferRoom | undefined;
  #used = 0;
  #held: Disposable | null = null;
  entries: PartEntry[] = [];

  constructor(bytesMax: number, entriesMax: number, room?: TransferRoom) {
    this.#room = room;
    this.#bytes = Buffer.allocUnsafeSlow(bytesMax);
    this.#entriesMax = entriesMax;
  }

  clear(): void {
    this.#used = 0;
    this.entries = [];
    this.#held?.[Symbol.dispose]();
    this.#held = null;
  }

  /**
   * False when there is no room. One entry that is larger than the slab is alone in it, with a buffer of its
   * own.
   */
  add(prefix: Uint8Array, key: Uint8Array, value: Uint8Array): boolean {
    const bytes = prefix.length + key.length + value.length;
    const isFull = this.#used + bytes > this.#bytes.length || this.entries.length === this.#entriesMax;
    if (isFull && this.entries.length > 0) return false;
    const isLarge = bytes > this.#bytes.length;
    if (isLarge) this.#held = this.#room?.hold(bytes * replicaValueCopies) ?? null;
    const target = isLarge ? Buffer.allocUnsafeSlow(bytes) : this.#bytes;
    const at = isLarge ? 0 : this.#used;
    target.set(prefix, at);
    target.set(key, at + prefix.length);
    const valueAt = at + prefix.length + key.length;
    target.set(value, valueAt);
    this.entries.push({ key: target.subarray(at, valueAt), value: target.subarray(valueAt, at + bytes) });
    this.#used = isLarge ? this.#bytes.length : at + bytes;
    return true;
  }
}
