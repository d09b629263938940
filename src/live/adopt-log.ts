import { liveCommitRecords } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { LoggedRecord } from "./live-log.js";
import type { LiveState } from "./live-state.js";

/** Has the records of a log seen as they were before. */
export function adoptLog(state: LiveState, reader: StoreReader, records: readonly LoggedRecord[]): void {
  for (let from = 0; from < records.length; from += liveCommitRecords) {
    state.adopt(reader, state.load(reader, records.slice(from, from + liveCommitRecords)));
  }
}
