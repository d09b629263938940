import type { CompiledMapping, RecordCheck } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { adoptLog } from "./adopt-log.js";
import { FilterCopies } from "./filter-copies.js";
import { KeyFilter } from "./key-filter.js";
import { KnownKeys } from "./known-keys.js";
import { LiveLoader } from "./live-loader.js";
import { isEmptyLog, logNumbers, readLog, recordsIn } from "./live-log.js";
import { LiveState } from "./live-state.js";

export interface FoundLog {
  number: number;
  log: Buffer;
}

/**
 * What the logs of a store hold, whoever writes them meanwhile. They are to be read before the store is
 * opened: a log that is folded between the two is known by its number, and one that is gone was folded
 * before.
 */
export function readLogs(dir: string): FoundLog[] {
  return logNumbers(dir).map((number) => ({ number, log: readLog(dir, number) }));
}

/** The store with the records of its logs, for as long as the reader is open. */
export function overlayLogs(
  reader: StoreReader,
  logs: readonly FoundLog[],
  checkOf: (mapping: CompiledMapping) => RecordCheck | null,
): StoreReader {
  const { sealed, mapping } = reader;
  const left = logs.filter(({ number, log }) => number > (sealed.liveFolded ?? 0) && !isEmptyLog(log));
  if (left.length === 0) return reader;
  const filter = new KeyFilter();
  filter.restart(sealed.nextId);
  const tools = {
    loader: new LiveLoader(),
    filter,
    copies: new FilterCopies(() => 0),
    known: new KnownKeys(),
    check: checkOf(mapping),
  };
  const state = new LiveState(sealed, tools, 0);
  for (const { number, log } of left) {
    state.beginPart(number);
    adoptLog(state, reader, recordsIn(log));
  }
  return state.overlay(reader);
}
