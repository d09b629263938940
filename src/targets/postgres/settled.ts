import type { RowCounts, RowReject } from "../../ports/index.js";

/** A record that was turned down, by its ordinal in the chunk. */
export interface Loser {
  ordinal: number;
  code: RowReject["code"];
  reason: string;
  head: Uint8Array;
}

/** What became of staged records. */
export interface Settled {
  counts: RowCounts;
  losers: Loser[];
}
