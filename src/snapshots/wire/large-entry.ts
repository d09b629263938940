import { snapshotKeyBytesMax } from "../../kernel/index.js";
import type { FieldStream } from "./field-stream.js";
import { flagsTag, keyTag, timestampTag, valueTag } from "./format.js";

const entryFieldsMax = 4;

/** Passes over an entry of so many bytes, and gives a copy of its key; its value is never held. */
export async function passEntry(fields: FieldStream, bytes: number): Promise<Uint8Array> {
  const end = fields.window.offset + bytes;
  let key = new Uint8Array(0);
  while (fields.window.offset < end) {
    const tag = await fields.tag(end);
    if (tag === keyTag) {
      key = await fields.message(end, snapshotKeyBytesMax, (cursor) => {
        const start = cursor.skip(cursor.end - cursor.at);
        return Uint8Array.from(cursor.bytes.subarray(start, cursor.end));
      });
      continue;
    }
    const isRight = tag === valueTag || tag === timestampTag || tag === flagsTag;
    if (!isRight && tag >>> 3 <= entryFieldsMax)
      throw fields.damaged(`field ${tag >>> 3} is of another type`);
    await fields.skipField(tag, end);
  }
  if (key.length === 0) throw fields.damaged("an entry without a key");
  return key;
}
