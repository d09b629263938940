// Parses each line of a file: the yardstick for decoding.
import { closeSync, openSync, readSync } from "node:fs";

const file = openSync(process.argv[2], "r");
const buffer = Buffer.allocUnsafe(1 << 20);
let kept = 0;
let records = 0;
for (;;) {
  const bytes = readSync(file, buffer, kept, buffer.length - kept, null);
  const end = kept + bytes;
  let from = 0;
  for (let at = buffer.indexOf(10, from); at >= 0 && at < end; at = buffer.indexOf(10, from)) {
    JSON.parse(buffer.toString("utf8", from, at));
    records++;
    from = at + 1;
  }
  if (bytes === 0) break;
  if (from === 0 && end === buffer.length) throw new Error("a line is longer than the buffer");
  buffer.copy(buffer, 0, from, end);
  kept = end - from;
}
closeSync(file);
process.stdout.write(`${records}\n`);
