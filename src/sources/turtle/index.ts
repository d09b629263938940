import { turtleBytes } from "../../kernel/index.js";
import { rewrittenOrigin } from "../rewritten-origin.js";
import type { ByteOrigin } from "../text-source.js";
import { type TurtleOptions, TurtleReader } from "./turtle-reader.js";

/** The bytes of a source of Turtle or TriG as N-Quads. */
export function turtleOrigin(origin: ByteOrigin, options: TurtleOptions): ByteOrigin {
  return rewrittenOrigin(origin, turtleBytes, (onData) => new TurtleReader(options, onData));
}
