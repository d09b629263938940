import type { ImportReport } from "../pipeline/index.js";

/** What the server has done since it was started: for its metrics. */
export interface ServerCounts {
  requests: Map<string, number>;
  connectionsRefused: number;
  eventStreamsOpen: number;
  importsByState: Map<string, number>;
  recordsStored: number;
  recordsRejected: number;
  bytesRead: number;
}

export function newCounts(): ServerCounts {
  return {
    requests: new Map(),
    connectionsRefused: 0,
    eventStreamsOpen: 0,
    importsByState: new Map(),
    recordsStored: 0,
    recordsRejected: 0,
    bytesRead: 0,
  };
}

export function countUp(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Counted when it ends, however it does. */
export function countImport(counts: ServerCounts, state: string, report: ImportReport | null): void {
  countUp(counts.importsByState, state);
  if (report === null) return;
  counts.recordsStored += report.records.stored;
  counts.recordsRejected += report.records.rejected;
  counts.bytesRead += report.bytes.read;
}
