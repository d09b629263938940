import { createHash } from "node:crypto";
import type { PartEntry } from "../../ports/index.js";
import { entryWireBytes } from "../wire/wire-sizes.js";
import { pieceSizes } from "./entry-pieces.js";

/** All entries of a copy have a timestamp, whichever it is. */
const anyTimestamp = 1n;

/** What a part holds, as one name: entries in their order, whatever object they lie in. */
export class PartDigest {
  readonly #hash = createHash("sha256");
  readonly #lengths = Buffer.alloc(8);
  entries = 0;
  /** As they travel, before they are compressed. */
  rawBytes = 0;

  add({ key, value }: PartEntry): void {
    this.#lengths.writeUInt32BE(key.length, 0);
    this.#lengths.writeUInt32BE(value.length, 4);
    this.#hash.update(this.#lengths).update(key).update(value);
    this.entries++;
    for (const { keyBytes, valueBytes } of pieceSizes(key.length, value.length)) {
      this.rawBytes += entryWireBytes(keyBytes, valueBytes, anyTimestamp, 0);
    }
  }

  /** Ends it. */
  hex(): string {
    return this.#hash.digest("hex");
  }
}
