import { sameBytes } from "./key-entries.js";

/** A key that a record defines, refers to, or takes out. */
export interface HeldKey {
  keyspace: number;
  key: Uint8Array;
  isReference: boolean;
  isDeletion: boolean;
  /** Held against another one where both are given. */
  version?: bigint;
  extra?: Uint8Array;
}

const noExtra = new Uint8Array(0);

/** Whether two entries are the same, their records apart. */
export function isSameKey(left: HeldKey, right: HeldKey): boolean {
  const hasVersions = left.version !== undefined && right.version !== undefined;
  return (
    left.isReference === right.isReference &&
    left.isDeletion === right.isDeletion &&
    left.keyspace === right.keyspace &&
    (!hasVersions || left.version === right.version) &&
    sameBytes(left.key, right.key) &&
    sameBytes(left.extra ?? noExtra, right.extra ?? noExtra)
  );
}
