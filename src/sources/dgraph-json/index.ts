import { dgraphJsonBytes, turtlePieceBytes } from "../../kernel/index.js";
import { PushBytes } from "../bytes/push-bytes.js";
import type { ByteOrigin } from "../text-source.js";
import { DgraphJsonReader } from "./dgraph-json-reader.js";

/** The bytes of a source of Dgraph's JSON as statements of its dialect: read from the start only. */
export function dgraphJsonOrigin(origin: ByteOrigin): ByteOrigin {
  return {
    name: origin.name,
    compression: origin.compression,
    decompressBytes: origin.decompressBytes + dgraphJsonBytes,
    isSeekable: false,
    open: async () => {
      const stream = await origin.open(0);
      return new PushBytes(
        stream,
        origin.name,
        turtlePieceBytes,
        (onData) => new DgraphJsonReader(origin.name, onData),
      );
    },
    fingerprint: () => origin.fingerprint(),
    close: () => origin.close(),
  };
}
