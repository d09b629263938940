import { rewrittenPieceBytes } from "../kernel/index.js";
import { PushBytes, type PushDecompressor } from "./bytes/push-bytes.js";
import type { ByteOrigin } from "./text-source.js";

/**
 * The bytes of a source as another format, written by a reader that takes `readerBytes` of memory: from the
 * start only, since no place in what comes out is one in what goes in.
 */
export function rewrittenOrigin(
  origin: ByteOrigin,
  readerBytes: number,
  openReader: (onData: (data: Uint8Array) => void) => PushDecompressor,
): ByteOrigin {
  return {
    name: origin.name,
    compression: origin.compression,
    decompressBytes: origin.decompressBytes + readerBytes,
    isSeekable: false,
    open: async () => new PushBytes(await origin.open(0), origin.name, rewrittenPieceBytes, openReader),
    fingerprint: () => origin.fingerprint(),
    close: () => origin.close(),
  };
}
