import type { Duplex } from "node:stream";
import zlib from "node:zlib";
import { Decompress } from "fzstd";
import { decompressChunkBytes, decompressWindowBytesMax, KiB, MiB } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { CheckedHead, checkWindow } from "./checked-head.js";
import { ChildBytes, hasCommand } from "./child-bytes.js";
import { PushBytes } from "./push-bytes.js";
import { TransformBytes } from "./transform-bytes.js";

/** What node:zlib has of zstd from 22.15 on. */
interface ZstdOfNode {
  zstdCompressSync?: (data: Uint8Array) => Buffer;
  zstdDecompressSync?: (data: Uint8Array) => Buffer;
  createZstdDecompress?: (options: { chunkSize: number; params: Record<number, number> }) => Duplex;
  constants: { ZSTD_d_windowLogMax?: number };
}

/** Magic, descriptor, window byte, dictionary id and content size. */
const frameHeaderBytesMax = 18;

/** The pieces that the JavaScript fallback is fed: each may expand a thousandfold. */
const pieceBytes = KiB;

/** In order of merit: node:zlib, the system's command, plain JavaScript (which checks no checksum). */
export function openZstd(stored: ByteStream, name: string): ByteStream {
  const head = new CheckedHead(stored, frameHeaderBytesMax, (bytes) => {
    checkWindow(name, windowBytes(bytes), decompressWindowBytesMax);
  });
  const node = zlib as ZstdOfNode;
  const windowLogMax = node.constants.ZSTD_d_windowLogMax;
  if (node.createZstdDecompress && windowLogMax !== undefined && tellsTruncation(node)) {
    const params = { [windowLogMax]: Math.log2(decompressWindowBytesMax) };
    return new TransformBytes(
      head,
      name,
      node.createZstdDecompress({ chunkSize: decompressChunkBytes, params }),
    );
  }
  if (hasCommand("zstd")) {
    return new ChildBytes(head, name, "zstd", ["-dcq", `--memory=${decompressWindowBytesMax / MiB}MB`]);
  }
  return zstdFallback(head, name);
}

let isTruncationTold: boolean | undefined;

/** Node.js 22 takes the end of a truncated frame for the end of the data, and what is lost goes unnoticed. */
function tellsTruncation({ zstdCompressSync, zstdDecompressSync }: ZstdOfNode): boolean {
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return false;
  if (isTruncationTold !== undefined) return isTruncationTold;
  try {
    zstdDecompressSync(zstdCompressSync(Buffer.from("the end is missing")).subarray(0, -1));
    isTruncationTold = false;
  } catch {
    isTruncationTold = true;
  }
  return isTruncationTold;
}

export function zstdFallback(stored: ByteStream, name: string): ByteStream {
  return new PushBytes(stored, name, pieceBytes, (onData) => new Decompress(onData));
}

/** The window that the first frame asks for; 0 when the head is no frame (a skippable one, or damage). */
export function windowBytes(head: Uint8Array): number {
  if (head.length < 6 || head[0] !== 0x28 || head[1] !== 0xb5) return 0;
  const descriptor = head[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  if (!isSingle) {
    const base = 2 ** (10 + (head[5]! >> 3));
    return base + (base / 8) * (head[5]! & 7);
  }
  const at = 5 + [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6]!;
  let size = 0;
  for (let index = sizeBytes - 1; index >= 0; index--) size = size * 256 + (head[at + index] ?? 0);
  return sizeBytes === 2 ? size + 256 : size;
}
