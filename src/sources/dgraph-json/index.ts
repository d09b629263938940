import { dgraphJsonBytes } from "../../kernel/index.js";
import { rewrittenOrigin } from "../rewritten-origin.js";
import type { ByteOrigin } from "../text-source.js";
import { DgraphJsonReader } from "./dgraph-json-reader.js";

/** The bytes of a source of Dgraph's JSON as statements of its dialect. */
export function dgraphJsonOrigin(origin: ByteOrigin): ByteOrigin {
  return rewrittenOrigin(origin, dgraphJsonBytes, (onData) => new DgraphJsonReader(origin.name, onData));
}
