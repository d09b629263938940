import type { Problem } from "./types.js";

/** What `/api/snapshots` says, as far as the page reads it. Times are ISO texts by the server's clock. */
export interface Snapshots {
  at: string;
  status: "ok" | "degraded" | "failing" | null;
  sync: Sync | null;
  replica: Replica | null;
}

export interface Sync {
  instance: string;
  storage: string;
  trouble: Trouble | null;
  databases: SyncedDatabase[];
}

export interface Trouble {
  error: Problem;
  count: number;
  since: string;
  retryAt?: string | null;
}

export interface SyncedDatabase {
  database: string;
  work: string;
  isStarted: boolean;
  listedAt: string | null;
  nextListAt: string | null;
  stored: { snapshots: number; bytes: number };
  instancesTotal: number;
  instances: Instance[];
  lastSend: Done | null;
  lastMerge: Done | null;
  failing: (Trouble & { work: string })[];
  unreadableTotal: number;
  unreadable: { name: string; message: string }[];
  cleaner: Upkeep | null;
  sweeper: Upkeep | null;
}

export interface Instance {
  instance: string;
  isOwn: boolean;
  takenAt: string | null;
  bytes: number | null;
  isMerged: boolean;
}

export interface Done {
  at: string;
  entries: number;
  changed: number;
  bytes: number;
}

export interface Upkeep {
  lastAt: string | null;
  nextAt: string;
  removed: number;
}

export interface Replica {
  storage: string;
  everySeconds: number;
  isPulling: boolean;
  progress: { parts: number; partsTotal: number; bytes: number } | null;
  currentAt: string | null;
  nextAt: string | null;
  state: { instance: string; pushedAt: string; pulledAt: string; records: number } | null;
  trouble: Trouble | null;
}
