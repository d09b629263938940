import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KiB } from "../../src/kernel/index.js";
import type { Source } from "../../src/ports/index.js";
import { resolveSources } from "../../src/sources/index.js";

let folder: string;
const { signal } = new AbortController();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-line-cursor-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function sourceOf(name: string, text: string): Promise<Source> {
  writeFileSync(join(folder, name), text);
  return (await resolveSources([name], { cwd: folder }))[0]!;
}

/** Everything from a place in the middle to the end. */
async function restFrom(source: Source, offset: number): Promise<{ text: string; start: number } | null> {
  const cursor = (await source.cursorNear?.(offset, signal)) ?? null;
  if (cursor === null) return null;
  await using session = await source.open({ cursor, recordBytesMax: 64 * KiB, signal });
  let text = "";
  for (;;) {
    const got = await session.read(new Uint8Array(64 * KiB), (bytes) => new Uint8Array(bytes));
    if (got === null) return { text, start: cursor.offset };
    text += Buffer.from(got.buffer.subarray(0, got.frame.length)).toString("utf8");
  }
}

test("lines are read from the first that begins behind any offset", async () => {
  const text = Array.from({ length: 900 }, (_, id) => `{"id":${id},"t":"${"é".repeat(id % 40)}"}\n`).join("");
  const source = await sourceOf("lines.jsonl", text);
  const bytes = Buffer.from(text);
  for (const offset of [1, 2, 13, 4095, 4096, 4097, 20_000, bytes.length - 100]) {
    const start = bytes.indexOf(10, offset) + 1;
    expect(await restFrom(source, offset)).toEqual({ text: bytes.toString("utf8", start), start });
  }
  expect(await restFrom(source, bytes.length - 3)).toBeNull();
});

test("a row does not begin inside a quoted cell", async () => {
  const rows = Array.from({ length: 400 }, (_, id) => `${id},"one\ntwo ${id}\nthree",${id * 2}\n`);
  const head = "id,note,twice\n";
  const source = await sourceOf("rows.csv", head + rows.join(""));
  const borders = new Set<number>();
  for (let at = head.length, row = 0; row < rows.length; row++) {
    borders.add(at);
    at += rows[row]!.length;
  }
  for (let offset = 1; offset < 3000; offset += 37) {
    const rest = await restFrom(source, head.length + offset);
    expect(borders.has(rest!.start)).toBe(true);
  }
});

test("an array of elements is read from its start only", async () => {
  const source = await sourceOf("array.json", JSON.stringify([{ id: 1 }, { id: 2 }], null, 1));
  expect(await source.cursorNear?.(5, signal)).toBeNull();
});
