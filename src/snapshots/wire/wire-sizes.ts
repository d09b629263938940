/** Bytes of a number that protobuf writes seven bits a byte. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Bytes of an entry's fields; none at all for an entry that says nothing. */
export function entryBodyBytes(
  keyBytes: number,
  valueBytes: number,
  hasTimestamp: boolean,
  flags: number,
): number {
  let bytes = hasTimestamp ? 9 : 0;
  if (keyBytes > 0) bytes += 1 + varintBytes(keyBytes) + keyBytes;
  if (valueBytes > 0) bytes += 1 + varintBytes(valueBytes) + valueBytes;
  if (flags > 0) bytes += 1 + varintBytes(flags);
  return bytes;
}

/**
 * What an entry takes in its database, with its own tag and length. Their sum has to be known before the
 * first entry is written. Of a deleted entry the value counts as empty.
 */
export function entryWireBytes(
  keyBytes: number,
  valueBytes: number,
  timestampNano: bigint,
  flags: number,
): number {
  const body = entryBodyBytes(keyBytes, valueBytes, timestampNano !== 0n, flags);
  return body === 0 ? 0 : 1 + varintBytes(body) + body;
}
