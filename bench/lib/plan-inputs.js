// Inputs of the shapes that an estimate could be wrong about; made once, as all inputs are.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cacheFolder, folderBytes, makeInput } from "./project.js";

/** The lines of another input, compressed. */
export function gzipInput(kind, count) {
  const plain = makeInput(kind, count);
  const path = `${plain.path}.gz`;
  made(path, (part) => writeFileSync(part, gzipSync(readFileSync(plain.path), { level: 1 })));
  return { ...plain, path, bytes: statSync(path).size };
}

/** A folder of small compressed files, each with so many lines of another input. */
export function folderInput(kind, count, linesEach) {
  const plain = makeInput(kind, count);
  const path = join(cacheFolder(), `${kind}-${count}-by-${linesEach}`);
  made(path, (part) => {
    mkdirSync(part, { recursive: true });
    // Bytes and not a string: those of a million events are longer than a string may be.
    const bytes = readFileSync(plain.path);
    let from = 0;
    for (let at = 0; from < bytes.length; at += linesEach) {
      let end = from;
      for (let line = 0; line < linesEach && end < bytes.length; line += 1) end = bytes.indexOf(10, end) + 1;
      const name = `part-${String(at).padStart(9, "0")}.jsonl.gz`;
      writeFileSync(join(part, name), gzipSync(bytes.subarray(from, end)));
      from = end;
    }
  });
  return { ...plain, path, bytes: folderBytes(path) };
}

/** Records of three short members. */
export function smallInput(count) {
  const path = join(cacheFolder(), `small-${count}.jsonl`);
  made(path, (part) => {
    writeFileSync(part, "");
    for (let from = 0; from < count; from += linesPerWrite) {
      const length = Math.min(linesPerWrite, count - from);
      writeFileSync(part, Array.from({ length }, (_, at) => smallLine(from + at)).join(""), { flag: "a" });
    }
  });
  return { kind: "small", path, records: count, bytes: statSync(path).size };
}

const linesPerWrite = 10_000;

function smallLine(id) {
  return `${JSON.stringify({ id, group: (id * 7919) % 1_000_003, kind: `v${id % 97}` })}\n`;
}

function made(path, make) {
  if (existsSync(path)) return;
  process.stderr.write(`Making ${path} (once) ...\n`);
  make(`${path}.part`);
  renameSync(`${path}.part`, path);
}
