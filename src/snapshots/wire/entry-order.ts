import { snapshotKeyBytesMax } from "../../kernel/index.js";
import type { DbiHead } from "../snapshot-entry.js";
import {
  compareForwards,
  type DatabaseSchema,
  type KeyComparison,
  keyComparison,
  keyOrderOf,
} from "./key-order.js";
import { WireFault } from "./wire-cursor.js";
import type { WireEntry } from "./wire-entry.js";

const empty = new Uint8Array(0);

/**
 * Holds the keys of a database against the order that LMDB gives them: whoever merges or appends relies on
 * it, so a snapshot that breaks it is damaged.
 */
export class EntryOrder {
  /** The key before, where it lies; nothing at the beginning. */
  #bytes: Uint8Array = empty;
  #start = 0;
  #end = 0;
  #kept: Uint8Array | undefined;
  #compare: KeyComparison = unordered;
  #integerBytes = 0;

  begin(): void {
    this.#start = this.#end = 0;
    this.#compare = unordered;
    this.#integerBytes = 0;
  }

  /** Takes the order from the head, with the first key read or none. */
  take(head: DbiHead, schema: DatabaseSchema | undefined): void {
    const order = keyOrderOf(head, schema ?? "native");
    if (order === "integer") this.#integerBytes = this.#end - this.#start;
    if (order === "integer" && this.#end > 0) checkInteger(this.#integerBytes, this.#start);
    this.#compare = schema === undefined && order === "reverse" ? unordered : keyComparison(order);
  }

  check(entry: WireEntry): void {
    const { bytes, keyStart, keyEnd } = entry;
    const keyBytes = keyEnd - keyStart;
    if (keyBytes > snapshotKeyBytesMax) throw new WireFault(`a key of ${keyBytes} bytes`, keyStart);
    if (this.#integerBytes !== 0 && keyBytes !== this.#integerBytes) checkInteger(0, keyStart);
    if (this.#end > 0) {
      const order = this.#compare(this.#bytes, this.#start, this.#end, bytes, keyStart, keyEnd);
      if (order === 0) throw new WireFault("a key that was there before", keyStart);
      if (order > 0) throw new WireFault("a key out of order", keyStart);
    }
    this.#bytes = bytes;
    this.#start = keyStart;
    this.#end = keyEnd;
  }

  /** Copies the key before, because the buffer it lies in is about to be used again. */
  keepKey(): void {
    if (this.#end === 0 || this.#bytes === this.#kept) return;
    this.#kept ??= new Uint8Array(snapshotKeyBytesMax);
    this.#kept.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = this.#kept;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

function checkInteger(keyBytes: number, at: number): void {
  if (keyBytes !== 4 && keyBytes !== 8)
    throw new WireFault("an integer key that has not four or eight bytes", at);
}

/** Tells only whether two keys are the same. */
const unordered: KeyComparison = (a, aStart, aEnd, b, bStart, bEnd) =>
  compareForwards(a, aStart, aEnd, b, bStart, bEnd) === 0 ? 0 : -1;
