import { turtleBytes, turtlePieceBytes } from "../../kernel/index.js";
import { PushBytes } from "../bytes/push-bytes.js";
import type { ByteOrigin } from "../text-source.js";
import { type TurtleOptions, TurtleReader } from "./turtle-reader.js";

/** The bytes of a source of Turtle or TriG as N-Quads: read from the start only. */
export function turtleOrigin(origin: ByteOrigin, options: TurtleOptions): ByteOrigin {
  return {
    name: origin.name,
    compression: origin.compression,
    decompressBytes: origin.decompressBytes + turtleBytes,
    isSeekable: false,
    open: async () => {
      const stream = await origin.open(0);
      return new PushBytes(
        stream,
        origin.name,
        turtlePieceBytes,
        (onData) => new TurtleReader(options, onData),
      );
    },
    fingerprint: () => origin.fingerprint(),
    close: () => origin.close(),
  };
}
