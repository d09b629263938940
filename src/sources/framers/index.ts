import { isQuadFormat, type SourceFormat } from "../../ports/index.js";
import { CsvFramer } from "./csv.js";
import type { Framer } from "./framer.js";
import { JsonArrayFramer } from "./json-array.js";
import { JsonlFramer } from "./jsonl.js";
import { QuadsFramer } from "./quads.js";
import { XmlRowsFramer } from "./xml-rows.js";

export type { FrameFault, Framer } from "./framer.js";
export { CsvFramer, JsonArrayFramer, JsonlFramer, QuadsFramer, XmlRowsFramer };

/** The framer of a format; records of up to `bytesMax` bytes pass. */
export function makeFramer(
  format: SourceFormat,
  bytesMax: number,
  delimiter: string,
  recordsAt: readonly string[] | null = null,
): Framer {
  if (format === "jsonl") return new JsonlFramer(bytesMax);
  if (format === "json") return new JsonArrayFramer(bytesMax, recordsAt);
  if (format === "stackexchange") return new XmlRowsFramer(bytesMax);
  if (isQuadFormat(format)) return new QuadsFramer(bytesMax);
  return new CsvFramer(bytesMax, delimiter);
}
