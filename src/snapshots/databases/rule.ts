/** TEMPORARY until the wire's own is here. */
export interface Version {
  timestampNano: bigint;
  isDeleted: boolean;
  value: Uint8Array;
}

export function isNewer(old: Version, other: Version): boolean {
  if (other.timestampNano !== old.timestampNano) return other.timestampNano > old.timestampNano;
  const difference = Buffer.compare(other.value, old.value);
  if (difference !== 0) return difference < 0;
  return other.isDeleted && !old.isDeleted;
}
