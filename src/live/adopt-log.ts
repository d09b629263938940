import { liveCommitRecords } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { LoggedRecord } from "./live-log.js";
import type { LiveState } from "./live-state.js";

/** Has the records of a log seen as they were before. */
export function adoptLog(state: LiveState, reader: StoreReader, records: Iterable<LoggedRecord>): void {
  let batch: LoggedRecord[] = [];
  const adopt = () => {
    state.adopt(reader, state.load(reader, batch));
    batch = [];
  };
  for (const record of records) {
    batch.push(record);
    if (batch.length === liveCommitRecords) adopt();
  }
  if (batch.length > 0) adopt();
}
