import { MiB } from "../../kernel/index.js";
import type { SourceCompression } from "../../ports/index.js";
import { type ByteStream, readHead } from "./byte-stream.js";
import { Bzip2Bytes } from "./bzip2-bytes.js";
import { ChildBytes, hasCommand } from "./child-bytes.js";
import { GzipBytes } from "./gzip-bytes.js";
import { dictionaryBytes, openXz } from "./xz-bytes.js";
import { openZstd, windowBytes } from "./zstd-bytes.js";

/** How a stream can be compressed; an archive is no stream. */
export type StreamCompression = Exclude<SourceCompression, "7z" | "pages">;

const magics: [StreamCompression, number[]][] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** The head of a stored stream that tells its compression and the window it needs. */
const headBytesMax = 64;
const magicBytesMax = 10;

/** A child process with its pipes and tables, beside its window; the libraries take less. */
export const childBytes = 8 * MiB;

const bzip2Block = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const bzip2End = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/** Tells compression by the first bytes alone; a name proves nothing. */
export function compressionOf(head: Uint8Array): StreamCompression {
  const found = magics.find(([, magic]) => startsWith(head, magic, 0))?.[0] ?? "none";
  // Text may begin with "BZh", so bzip2 has to show the mark of a block as well.
  if (found === "bzip2" && !startsWith(head, bzip2Block, 4) && !startsWith(head, bzip2End, 4)) return "none";
  return found;
}

/** Reads the head of a stored stream, no more of it than its compression needs. */
export function readStoredHead(stored: ByteStream): Promise<Uint8Array> {
  const isEnough = (head: Uint8Array) => head.length >= magicBytesMax && compressionOf(head) === "none";
  return readHead(stored, headBytesMax, isEnough);
}

function startsWith(bytes: Uint8Array, start: readonly number[], at: number): boolean {
  return start.every((byte, index) => bytes[at + index] === byte);
}

/** The decompressed bytes of a stored stream; closing it closes the stored one. */
export function decompress(stored: ByteStream, compression: StreamCompression, name: string): ByteStream {
  switch (compression) {
    case "none":
      return stored;
    case "gzip":
      return new GzipBytes(stored, name);
    case "zstd":
      return openZstd(stored, name);
    case "bzip2":
      return hasCommand("bzip2")
        ? new ChildBytes(stored, name, "bzip2", ["-dc"])
        : new Bzip2Bytes(stored, name);
    case "xz":
      return openXz(stored, name);
  }
}

/** Memory that decompression takes, child processes included; the head tells the window. */
export function decompressBytes(compression: StreamCompression, head: Uint8Array): number {
  const bytes: Record<StreamCompression, number> = {
    none: 0,
    gzip: 4 * MiB,
    zstd: windowBytes(head) + childBytes,
    bzip2: childBytes,
    xz: dictionaryBytes(head) + childBytes,
  };
  return bytes[compression];
}
