import { createHash } from "node:crypto";
import type { SealedState } from "../../ports/index.js";

export interface KnownIds {
  firstId: number;
  endId: number;
  digest: string;
}

export interface KnownSegment {
  /** Its own number in this store. */
  number: number;
  /** Its place among those of the manifest that it was pulled for. */
  at: number;
  /** Of the parts that are there, from the first one. */
  digests: string[];
  isWhole: boolean;
}

/** What a replica knows of itself, committed with the data that it speaks of. */
export interface ReplicaNote {
  version: 1;
  /** Parts of ids from 0 on; some may be above what is visible. */
  ids: KnownIds[];
  segments: KnownSegment[];
  /** No segment had a larger number, so that none has ever had the number of another one. */
  lastNumber: number;
  /** Token of the manifest that is being pulled. */
  pulling: string | null;
  published: {
    token: string;
    manifest: string;
    /** Of the state as it was published: any other one is of somebody else. */
    sealed: string;
  } | null;
}

export function newNote(): ReplicaNote {
  return { version: 1, ids: [], segments: [], lastNumber: 0, pulling: null, published: null };
}

export function digestOfState(sealed: SealedState): string {
  return createHash("sha256").update(JSON.stringify(sealed)).digest("hex");
}
