import zlib from "node:zlib";
import { decompress } from "fzstd";
import type { Compressors } from "hyparquet";

/** What node:zlib has of zstd from 22.15 on. */
type ZstdOfNode = { zstdDecompressSync?: (data: Uint8Array, options: { maxOutputLength: number }) => Buffer };

/**
 * Those that pages come in beside Snappy, which the reader of the format brings along. None writes more than
 * told.
 */
export async function loadCodecs(): Promise<Compressors> {
  const { decompressLz4, decompressLz4Raw } = await import("hyparquet-compressors");
  const { zstdDecompressSync } = zlib as ZstdOfNode;
  return {
    GZIP: (input, bytes) => zlib.unzipSync(input, { maxOutputLength: Math.max(1, bytes) }),
    BROTLI: (input, bytes) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, bytes) }),
    ZSTD: (input, bytes) =>
      zstdDecompressSync?.(input, { maxOutputLength: Math.max(1, bytes) }) ??
      decompress(input, new Uint8Array(bytes)),
    LZ4: decompressLz4,
    LZ4_RAW: decompressLz4Raw,
  };
}
