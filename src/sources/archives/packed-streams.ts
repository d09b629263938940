import { crc32 } from "node:zlib";
import { decompressWindowBytesMax, MiB, PlimsollError } from "../../kernel/index.js";
import { type ByteStream, JoinedBytes, StretchBytes } from "../bytes/byte-stream.js";
import { checkWindow } from "../bytes/checked-head.js";
import { ChildBytes, hasCommand } from "../bytes/child-bytes.js";
import { childBytes, decompress } from "../bytes/decompress.js";
import { FileBytes } from "../bytes/file-bytes.js";
import type { PackedRun } from "./seven-zip-header.js";

/** Ids of methods. */
const methodNames: Readonly<Record<string, string>> = {
  "00": "copy",
  "21": "lzma2",
  "030101": "lzma",
  "040202": "bzip2",
  "030401": "PPMd",
  "040108": "Deflate",
  "06f10701": "encryption",
};

export type Method = "copy" | "lzma" | "lzma2" | "bzip2";

const readable: readonly string[] = ["copy", "lzma", "lzma2", "bzip2"] satisfies Method[];

/** The method of a run; a run that is packed otherwise is refused. */
export function methodOf(source: string, run: PackedRun): Method {
  const names = run.methods.map((id) => methodNames[id] ?? `method ${id}`);
  const other = names.find((name) => !readable.includes(name));
  if (other !== undefined) throw unsupported(source, `it is packed with ${other}`);
  if (names.length !== 1) throw unsupported(source, `it is packed with ${names.join(" and ")}`);
  if (names[0] === "lzma" && !hasCommand("xz")) {
    throw unsupported(source, "it is packed with LZMA, which takes the command xz, and that is not here");
  }
  return names[0] as Method;
}

export function unsupported(source: string, reason: string): PlimsollError {
  return new PlimsollError("ARCHIVE_UNSUPPORTED", { source, reason }, { place: { source } });
}

/** Memory that unpacking takes, the child process included. */
export function unpackBytes(method: Method, run: PackedRun): number {
  if (method === "copy") return 0;
  return childBytes + (method === "bzip2" ? 0 : dictionaryBytes(method, run));
}

/**
 * The unpacked bytes of a run. What LZMA2 and LZMA have packed is put into the containers in which their own
 * tools know it, `.xz` and `.lzma`, so that the decompressors of those read it.
 */
export async function openRun(path: string, source: string, run: PackedRun): Promise<ByteStream> {
  const method = methodOf(source, run);
  checkWindow(source, dictionaryBytes(method, run), decompressWindowBytesMax);
  const stored = await FileBytes.open(path, run.offset, source);
  const packed = new StretchBytes(stored, run.packedBytes);
  if (method === "copy") return packed;
  if (method === "bzip2") return decompress(packed, "bzip2", source);
  if (method === "lzma2") return decompress(new JoinedBytes(xzHead(run), packed, xzTail(run)), "xz", source);
  const limit = decompressWindowBytesMax + MiB;
  const args = ["-dcq", "--format=lzma", `--memlimit-decompress=${limit}`];
  return new ChildBytes(new JoinedBytes(lzmaHead(run), packed, new Uint8Array(0)), source, "xz", args);
}

/** What decoding needs: the size that is written, and never more than all that there is. */
function dictionaryBytes(method: Method, run: PackedRun): number {
  if (method === "lzma2") return dictionaryOf(dictionaryBits(run));
  return method === "lzma" ? lzmaDictionary(run) : 0;
}

/** Numbers of LZMA2's dictionaries: 4 KiB, 6 KiB, 8 KiB, and so on to 4 GiB. */
function dictionaryOf(bits: number): number {
  return bits >= 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

function dictionaryBits(run: PackedRun): number {
  const written = Math.min(run.properties[0] ?? 40, 40);
  let bits = 0;
  while (bits < written && dictionaryOf(bits) < run.bytes) bits++;
  return bits;
}

/** The next larger one of the sizes that `.lzma` knows. */
function lzmaDictionary(run: PackedRun): number {
  const { properties } = run;
  const written =
    properties.length < 5 ? 0 : new DataView(properties.buffer, properties.byteOffset).getUint32(1, true);
  let bits = 0;
  while (bits < 40 && dictionaryOf(bits) < Math.min(written, run.bytes)) bits++;
  return dictionaryOf(bits);
}

/** The header of a `.lzma` file: properties, dictionary, unpacked size. */
export function lzmaHead(run: PackedRun): Uint8Array {
  const head = Buffer.alloc(13);
  head[0] = run.properties[0] ?? 0;
  head.writeUInt32LE(lzmaDictionary(run), 1);
  head.writeBigUInt64LE(BigInt(run.bytes), 5);
  return head;
}

const xzBlockHeadBytes = 12;

/** The headers of a `.xz` stream without checksums, and of its one block. */
function xzHead(run: PackedRun): Uint8Array {
  const flags = Buffer.from([0, 0]);
  const block = Buffer.from([xzBlockHeadBytes / 4 - 1, 0, 0x21, 1, dictionaryBits(run), 0, 0, 0]);
  const magic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
  return Buffer.concat([magic, flags, checksum(flags), block, checksum(block)]);
}

/** What follows the block: padding, the index, the footer. */
function xzTail(run: PackedRun): Uint8Array {
  const padding = Buffer.alloc(-run.packedBytes & 3);
  const sizes = [varint(xzBlockHeadBytes + run.packedBytes), varint(run.bytes)];
  let index = Buffer.concat([Buffer.from([0, 1]), ...sizes]);
  index = Buffer.concat([index, Buffer.alloc(-index.length & 3)]);
  const footer = Buffer.alloc(6);
  footer.writeUInt32LE((index.length + 4) / 4 - 1);
  return Buffer.concat([padding, index, checksum(index), checksum(footer), footer, Buffer.from("YZ")]);
}

function checksum(bytes: Uint8Array): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(bytes));
  return crc;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
