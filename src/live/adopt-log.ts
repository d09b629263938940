import { liveCommitRecords } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { LoggedRecord } from "./live-log.js";
import type { LiveState } from "./live-state.js";

/** Has the records of a log seen as they were before. */
export function adoptLog(state: LiveState, reader: StoreReader, records: readonly LoggedRecord[]): void {
  for (let from = 0; from < records.length; from += liveCommitRecords) {
    const batch = state.load(reader, records.slice(from, from + liveCommitRecords));
    const part = state.writing;
    for (const at of batch.rejects.keys()) part.leftOut.add(part.logged + at);
    state.adopt(reader, batch);
    part.logged += batch.count;
  }
}
