/** A file of a library, as the disk tells of it without opening it. */
export interface LibraryEntry {
  /** From the root of the library, with slashes. */
  path: string;
  sizeBytes: number;
  modifiedMs: number;
  inode: number;
  device: number;
}

/** Order of paths in all lists: that of UTF-16, which is that of JavaScript. */
export function byPath(left: { path: string }, right: { path: string }): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
}

/** Whether it is the same file with the same content, wherever it lies. */
export function isSameFile(left: LibraryEntry, right: LibraryEntry): boolean {
  return (
    left.inode === right.inode &&
    left.device === right.device &&
    left.sizeBytes === right.sizeBytes &&
    left.modifiedMs === right.modifiedMs
  );
}

const headBytes = 40;

/**
 * One entry on the disk: u32 length of what follows, u16 length of the path, u16 status, size, time, inode
 * and device as doubles, path, payload.
 */
export function encodeEntry(entry: LibraryEntry, status: number, payload: Uint8Array): Buffer {
  const pathBytes = Buffer.byteLength(entry.path);
  const bytes = Buffer.allocUnsafe(headBytes + pathBytes + payload.length);
  bytes.writeUInt32LE(bytes.length - 4, 0);
  bytes.writeUInt16LE(pathBytes, 4);
  bytes.writeUInt16LE(status, 6);
  bytes.writeDoubleLE(entry.sizeBytes, 8);
  bytes.writeDoubleLE(entry.modifiedMs, 16);
  bytes.writeDoubleLE(entry.inode, 24);
  bytes.writeDoubleLE(entry.device, 32);
  bytes.write(entry.path, headBytes, "utf8");
  bytes.set(payload, headBytes + pathBytes);
  return bytes;
}

export interface DecodedEntry extends LibraryEntry {
  status: number;
  /** All bytes of the entry with its length, and those of the payload: valid until the next is read. */
  bytes: Buffer;
  payload: Buffer;
}

export function decodeEntry(bytes: Buffer): DecodedEntry {
  const pathBytes = bytes.readUInt16LE(4);
  return {
    path: bytes.toString("utf8", headBytes, headBytes + pathBytes),
    status: bytes.readUInt16LE(6),
    sizeBytes: bytes.readDoubleLE(8),
    modifiedMs: bytes.readDoubleLE(16),
    inode: bytes.readDoubleLE(24),
    device: bytes.readDoubleLE(32),
    bytes,
    payload: bytes.subarray(headBytes + pathBytes),
  };
}
