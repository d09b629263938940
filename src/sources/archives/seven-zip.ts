import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { archiveHeaderBytesMax, isPlimsollError } from "../../kernel/index.js";
import { damaged } from "../bytes/damage.js";
import { unreadable } from "../bytes/file-bytes.js";
import { HeaderFault } from "./byte-reader.js";
import { unpackLzma } from "./lzma-library.js";
import { lzmaHead, methodOf, openRun, unsupported } from "./packed-streams.js";
import { type PackedFile, type PackedRun, packedStart, parseHeader } from "./seven-zip-header.js";

const magic = [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c];

export function isSevenZip(head: Uint8Array): boolean {
  return magic.every((byte, at) => head[at] === byte);
}

/** The files that an archive holds, in the order in which they are packed; nothing of them is unpacked. */
export async function listSevenZip(path: string, source: string): Promise<PackedFile[]> {
  const handle = await open(path, "r").catch((error) => {
    throw unreadable(source, error);
  });
  try {
    let bytes = await readHeader(handle, source);
    for (;;) {
      const header = parseHeader(bytes);
      if (header.kind === "files") return header.files;
      bytes = await unpackHeader(handle, path, source, header.run);
    }
  } catch (error) {
    if (error instanceof HeaderFault) throw damaged(source, 0, error.message, error);
    if (isPlimsollError(error)) throw error;
    throw unreadable(source, error);
  } finally {
    await handle.close();
  }
}

/** The start of an archive tells where its header lies: behind everything that is packed. */
async function readHeader(handle: FileHandle, source: string): Promise<Uint8Array> {
  const start = Buffer.from(await readAt(handle, 0, packedStart));
  if (start.readUInt32LE(8) !== crc32(start.subarray(12)))
    throw new HeaderFault("its first bytes are not right");
  const offset = Number(start.readBigUInt64LE(12));
  const bytes = Number(start.readBigUInt64LE(20));
  if (bytes === 0) throw new HeaderFault("it is empty");
  checkSize(source, bytes);
  const header = await readAt(handle, packedStart + offset, bytes);
  if (crc32(header) !== start.readUInt32LE(28)) throw new HeaderFault("its header is not as it was written");
  return header;
}

async function unpackHeader(
  handle: FileHandle,
  path: string,
  source: string,
  run: PackedRun,
): Promise<Uint8Array> {
  checkSize(source, Math.max(run.bytes, run.packedBytes));
  const isLzma = run.methods.length === 1 && run.methods[0] === "030101" && isPlainLzma(run);
  const bytes = isLzma
    ? await unpackLzma(Buffer.concat([lzmaHead(run), await readAt(handle, run.offset, run.packedBytes)]))
    : await readRun(path, source, run);
  const isWhole = bytes.length === run.bytes && (run.crc === null || crc32(bytes) === run.crc);
  if (!isWhole) throw new HeaderFault("its packed header is not as it was written");
  return bytes;
}

/** Tables grow with these properties; 7-Zip packs headers with 3 and 0. */
function isPlainLzma({ properties }: PackedRun): boolean {
  const [first = 0] = properties;
  return (first % 9) + (Math.floor(first / 9) % 5) <= 4;
}

async function readRun(path: string, source: string, run: PackedRun): Promise<Uint8Array> {
  methodOf(source, run);
  const stream = await openRun(path, source, run);
  const chunks: Uint8Array[] = [];
  try {
    for (let left = run.bytes; left > 0; ) {
      const chunk = await stream.next();
      if (chunk === null) break;
      chunks.push(chunk.slice(0, left));
      left -= chunk.length;
    }
    return Buffer.concat(chunks);
  } finally {
    await stream.close();
  }
}

function checkSize(source: string, bytes: number): void {
  if (bytes > archiveHeaderBytesMax) throw unsupported(source, `its list of files takes ${bytes} bytes`);
}

async function readAt(handle: FileHandle, offset: number, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
  if (bytesRead < bytes) throw new HeaderFault("it ends too early");
  return buffer;
}
