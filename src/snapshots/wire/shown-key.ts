const shownBytesMax = 64;

/** A key for a message: as text where all of it can be printed, as hexadecimal digits otherwise. */
export function shownKey(key: Uint8Array): string {
  const head = Buffer.from(key.buffer, key.byteOffset, Math.min(key.length, shownBytesMax));
  const isText = head.every((byte) => byte >= 0x20 && byte < 0x7f);
  const rest = key.length > shownBytesMax ? ` and ${key.length - shownBytesMax} bytes more` : "";
  return isText ? `"${head.toString("latin1")}"${rest}` : `0x${head.toString("hex")}${rest}`;
}
