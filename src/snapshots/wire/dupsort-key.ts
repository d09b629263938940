import { PlimsollError } from "../../kernel/index.js";
import { shownKey } from "./shown-key.js";

/**
 * `dupsort_hack_v1`: snapshots know one value for a key, so a key of a database with several takes its value
 * in: the key, four bytes of 0, as much of the value as makes 510 bytes in all, and a byte that says how long
 * the key is.
 */
const transformedBytesMax = 511;
const keyBytesMax = 255;
const separatorBytes = 4;

/** Transforms the entries of one database, in their order. */
export class DupSortEncoder {
  readonly #database: string;
  #buffer = new Uint8Array(transformedBytesMax);
  #before = new Uint8Array(transformedBytesMax);
  #beforeBytes = 0;

  constructor(database: string) {
    this.#database = database;
  }

  /** The key for an entry, in a buffer of which it holds until the next one is asked for. */
  encode(key: Uint8Array, value: Uint8Array): Uint8Array {
    if (key.length === 0) throw refused("it is empty", key, this.#database);
    if (key.length > keyBytesMax) throw refused(`it has more than ${keyBytesMax} bytes`, key, this.#database);
    const target = this.#buffer;
    const valueAt = key.length + separatorBytes;
    const valueBytes = Math.min(value.length, transformedBytesMax - 1 - valueAt);
    target.set(key);
    target.fill(0, key.length, valueAt);
    target.set(value.subarray(0, valueBytes), valueAt);
    const end = valueAt + valueBytes;
    target[end] = key.length;
    this.#check(end + 1, key);
    return target.subarray(0, end + 1);
  }

  #check(bytes: number, key: Uint8Array): void {
    const [encoded, before] = [this.#buffer, this.#before];
    const order = Buffer.compare(before.subarray(0, this.#beforeBytes), encoded.subarray(0, bytes));
    // Values that differ in their last part only, or a separator within keys and beginnings of values.
    if (order === 0) throw refused("two values become one key", key, this.#database);
    if (order > 0) throw refused("its values change their order", key, this.#database);
    this.#buffer = before;
    this.#before = encoded;
    this.#beforeBytes = bytes;
  }
}

/** The application's own key within a transformed one. */
export function decodeDupSortKey(encoded: Uint8Array, database: string): Uint8Array {
  if (encoded.length < 1 + separatorBytes + 1) throw refused("it is too short", encoded, database);
  const keyBytes = encoded[encoded.length - 1]!;
  if (keyBytes === 0 || encoded.length < keyBytes + separatorBytes + 1) {
    throw refused(`it says that ${keyBytes} bytes of it are the key`, encoded, database);
  }
  for (let at = keyBytes; at < keyBytes + separatorBytes; at++) {
    if (encoded[at] !== 0) throw refused("it has no separator", encoded, database);
  }
  return encoded.subarray(0, keyBytes);
}

function refused(reason: string, key: Uint8Array, database: string): PlimsollError {
  return new PlimsollError("SNAPSHOT_DUPSORT_KEY", { database, key: shownKey(key), reason });
}
