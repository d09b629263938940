import type { Place } from "../kernel/index.js";
import type { Frame } from "./source.js";

/** The place of the record that begins at `offset` of a frame's bytes and is the `index`-th in the frame. */
export function framePlace(
  source: string,
  frame: Frame,
  bytes: Uint8Array,
  offset: number,
  index: number,
): Place {
  let line = frame.place.line;
  let at = bytes.indexOf(0x0a);
  while (at !== -1 && at < offset) {
    line++;
    at = bytes.indexOf(0x0a, at + 1);
  }
  return { source, line, offset: frame.place.offset + offset, record: frame.place.record + index };
}
