import type { DatabaseStream, DbiHead, SnapshotEntry } from "../../src/snapshots/index.js";

export interface TwinEntry {
  /** In hexadecimal. */
  key: string;
  value: string;
  timestampNano: bigint;
  isDeleted: boolean;
}

/** The rule in its plainest words: whether the second one is to stay. */
export function isLater(old: TwinEntry, other: TwinEntry): boolean {
  if (old.timestampNano !== other.timestampNano) return other.timestampNano > old.timestampNano;
  const [oldValue, otherValue] = [old.isDeleted ? "" : old.value, other.isDeleted ? "" : other.value];
  if (oldValue !== otherValue) return otherValue < oldValue;
  return other.isDeleted && !old.isDeleted;
}

export function mergeTwin(state: Map<string, TwinEntry>, entries: readonly TwinEntry[]): void {
  for (const entry of entries) {
    const old = state.get(entry.key);
    const kept = entry.isDeleted ? { ...entry, value: "" } : entry;
    if (old === undefined || isLater(old, kept)) state.set(entry.key, kept);
  }
}

/** Databases out of memory, as a snapshot gives them: a few entries at a time. */
export function streamOf(
  databases: readonly { head: DbiHead; entries: readonly TwinEntry[] }[],
  step = 7,
): DatabaseStream {
  let database = -1;
  let at = 0;
  let ready = 0;
  const entriesNow = (): readonly TwinEntry[] => databases[database]?.entries ?? [];
  return {
    async nextDbi() {
      database += 1;
      at = ready = 0;
      return databases[database]?.head ?? null;
    },
    async fill() {
      ready = Math.min(entriesNow().length, at + step);
      return at < ready;
    },
    next(): SnapshotEntry | null {
      if (at >= ready) return null;
      const entry = entriesNow()[at]!;
      at += 1;
      const value = Buffer.from(entry.isDeleted ? "" : entry.value, "hex");
      return { ...entry, key: Buffer.from(entry.key, "hex"), value };
    },
  };
}

export function headOf(name: string, flags = 0, transform = ""): DbiHead {
  return { name, flags: BigInt(flags), transform };
}
