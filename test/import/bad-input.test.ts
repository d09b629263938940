import { afterAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { type BadInput, badInputs, type ExpectedReject, itemMapping } from "./bad-input-cases.js";

const folder = makeFolder();
afterAll(folder.remove);
folder.write("mapping.yaml", itemMapping);

async function exported(store: string): Promise<string[]> {
  const { code, out, error } = await plimsoll(["export", store], { cwd: folder.path });
  expect(code, error).toBe(0);
  return out.split("\n").slice(0, -1);
}

async function count(store: string, where: object): Promise<number> {
  const filter = JSON.stringify({ entity: "Item", where });
  const { code, out, error } = await plimsoll(["query", store, "--filter", filter, "--count"], {
    cwd: folder.path,
  });
  expect(code, error).toBe(0);
  return Number(out);
}

/** The reject has its place and its reason, and the command that it names stores the record once it is mended. */
async function checkReject(source: string, store: string, reject: ExpectedReject, mended: Uint8Array) {
  const rejects = readRejects(folder.file(`${store}.rejects.jsonl`));
  const { bytes, reason, ...place } = reject;
  expect(rejects).toEqual([
    expect.objectContaining({ source, ...place, bytesTotal: bytes.length, reason: expect.stringMatching(reason) }),
  ]);
  const { bytes: text, encoding, rerun } = rejects[0]!;
  expect(Buffer.from(text, encoding)).toEqual(bytes);
  folder.write(source, mended);
  const again = await plimsoll([...rerun!.split(" ").slice(1), "--progress", "none"], { cwd: folder.path });
  expect(again.code, again.error).toBe(0);
  expect(readRejects(folder.file(`${store}.rejects.jsonl`))).toEqual([]);
}

async function check(input: BadInput): Promise<void> {
  const name = `${input.name}-${input.format}`;
  const source = `${name}.${input.format}`;
  folder.write(source, input.content);
  const { code, error, report } = await importInto(folder, [source, "--into", name, "--mapping", "mapping.yaml"]);
  expect(code, error).toBe(0);
  const rejected = input.reject === null ? 0 : 1;
  expect(report?.records).toEqual({
    read: input.read,
    stored: input.read - rejected,
    replaced: 0,
    superseded: 0,
    duplicates: 0,
    deleted: 0,
    rejected,
  });
  if (input.reject !== null) await checkReject(source, name, input.reject, input.mended!);
  expect(await exported(name)).toEqual(input.exported);
  if (input.found !== undefined) expect(await count(name, input.found[0])).toBe(input.found[1]);
}

describe("one file", () => {
  for (const input of badInputs) {
    test.concurrent(`${input.name}, ${input.format}`, () => check(input), 30_000);
  }
});
