/** TEMPORARY until the wire's own is here. */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

export function entryWireBytes(keyBytes: number, valueBytes: number, timestampNano: bigint, flags: number): number {
  let bytes = 0;
  if (keyBytes > 0) bytes += 1 + varintBytes(keyBytes) + keyBytes;
  if (valueBytes > 0) bytes += 1 + varintBytes(valueBytes) + valueBytes;
  if (timestampNano !== 0n) bytes += 9;
  if (flags !== 0) bytes += 1 + varintBytes(flags);
  return bytes === 0 ? 0 : 1 + varintBytes(bytes) + bytes;
}
