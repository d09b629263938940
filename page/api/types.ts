/** What the server says, as far as the page reads it. */
export interface Problem {
  code: string;
  message: string;
}

export interface StoreInfo {
  store: StoreStats | null;
  line: { bytes: number; source: string };
  isNostr: boolean;
  /** It takes no writes. */
  isReplica: boolean;
  /** Only databases are synced here. */
  isStoreless: boolean;
  version: string;
  /** The last part of its path. */
  name: string;
}

export interface StoreStats {
  entities: EntityStats[];
  records: number;
  dead: number;
  postings: number;
  /** The whole file, and its parts by name. */
  bytes: Record<string, number>;
  sealed: boolean;
  lastImport: { sealedAt: string; sources: string[] } | null;
}

export interface EntityStats {
  name: string;
  records: number;
  dead: number;
  dangling: number;
  indexes: { field: string; kind: string; postings: number; terms: number }[];
}

export type JobState = "queued" | "running" | "complete" | "failed" | "cancelled" | "interrupted";

export interface Job {
  id: string;
  name: string;
  state: JobState;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  bytesExpected: number | null;
  progress: Progress | null;
  memory: { lineBytes: number } | null;
  timeline?: Point[];
  decisions?: Decision[];
  notices?: string[];
  report?: Report | null;
  error?: Problem | null;
}

export interface Progress {
  phase: "read" | "merge" | "seal";
  fraction: number | null;
  recordsRead: number;
  bytesRead: number;
  bytesTotal: number | null;
  recordsPerSecond: number;
  etaSeconds: number | null;
  rssBytes: number;
  lineBytes: number;
  rejects: number;
  elapsedSeconds: number;
  anonBytes: number;
  fileBytes: number;
  dirtyBytes: number;
}

export interface Point {
  seconds: number;
  anonBytes: number;
  fileBytes: number;
  dirtyBytes: number;
  records: number;
}

export interface Decision {
  t: number;
  text: string;
  kind?: string;
}

export interface Report {
  state: string;
  resumedFrom: { phase: string; record: number } | null;
  records: Record<RecordFate | "read", number>;
  bytes: { read: number; written: number; spilled: number };
  seconds: number;
  recordsPerSecond: number;
  memory: { lineBytes: number; lineSource: string; peakRssBytes: number; timeline?: Point[] };
  governor?: { decisions?: Decision[] };
  danglingLinks: number;
  rejectsFile: string | null;
  error: Problem | null;
}

export type RecordFate = "stored" | "replaced" | "superseded" | "duplicates" | "deleted" | "rejected";
