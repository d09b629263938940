/** Record ids are 40-bit numbers, written big-endian in keys so that LMDB keeps them in order. */
export const recordIdBytes = 5;

export function writeRecordId(target: Uint8Array, offset: number, id: number): void {
  target[offset] = Math.floor(id / 0x1_0000_0000);
  target[offset + 1] = (id >>> 24) & 0xff;
  target[offset + 2] = (id >>> 16) & 0xff;
  target[offset + 3] = (id >>> 8) & 0xff;
  target[offset + 4] = id & 0xff;
}

export function readRecordId(source: Uint8Array, offset: number): number {
  const low =
    (source[offset + 1]! << 24) |
    (source[offset + 2]! << 16) |
    (source[offset + 3]! << 8) |
    source[offset + 4]!;
  return source[offset]! * 0x1_0000_0000 + (low >>> 0);
}
