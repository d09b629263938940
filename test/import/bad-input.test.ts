import { afterAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { type BadInput, badInputs, type Format, formats, itemMapping } from "./bad-input-cases.js";

const folder = makeFolder();
afterAll(folder.remove);
folder.write("mapping.yaml", itemMapping);

const fileNameOf = (input: BadInput) => `${input.name}.${input.format}`;

async function outputOf(words: readonly string[]): Promise<string> {
  const { code, out, error } = await plimsoll(words, { cwd: folder.path });
  expect(code, error).toBe(0);
  return out;
}

async function countByName(store: string, name: string): Promise<number> {
  const filter = JSON.stringify({ entity: "Item", where: { name } });
  return Number(await outputOf(["query", store, "--filter", filter, "--count"]));
}

/** All files of a format are one import: what is wrong in one of them costs the others nothing. */
async function importAll(store: string, inputs: BadInput[]): Promise<void> {
  for (const input of inputs) folder.write(fileNameOf(input), input.content);
  const words = [...inputs.map(fileNameOf), "--into", store, "--mapping", "mapping.yaml"];
  const { code, error, report } = await importInto(folder, words);
  expect(code, error).toBe(0);
  const sum = (of: (input: BadInput) => number) => inputs.reduce((total, input) => total + of(input), 0);
  const none = { replaced: 0, superseded: 0, duplicates: 0, deleted: 0 };
  expect(report?.records).toEqual({
    read: sum((input) => input.read),
    stored: sum((input) => input.stored.length),
    rejected: sum((input) => (input.reject === null ? 0 : 1)),
    ...none,
  });
  const exported = await outputOf(["export", store]);
  expect(exported.split("\n").slice(0, -1)).toEqual(inputs.flatMap((input) => input.stored));
}

function checkRejects(store: string, inputs: BadInput[]): void {
  const rejects = readRejects(folder.file(`${store}.rejects.jsonl`));
  const expected = inputs.flatMap((input) => {
    if (input.reject === null) return [];
    const { bytes, reason, ...place } = input.reject;
    return expect.objectContaining({
      source: fileNameOf(input),
      ...place,
      bytesTotal: bytes.length,
      reason: expect.stringMatching(reason),
      rerun: expect.stringMatching(` --offset ${place.record - 1} --limit 1$`),
    });
  });
  expect(rejects).toEqual(expected);
  const bytes = rejects.map((reject) => Buffer.from(reject.bytes, reject.encoding).toString("latin1"));
  expect(bytes).toEqual(inputs.flatMap(({ reject }) => reject?.bytes.toString("latin1") ?? []));
}

/** Once its file is mended, the command that stands in the reject stores the record and takes its line out. */
async function mendAll(store: string, inputs: BadInput[]): Promise<void> {
  const mended: string[] = [];
  for (const reject of readRejects(folder.file(`${store}.rejects.jsonl`))) {
    const input = inputs.find((candidate) => fileNameOf(candidate) === reject.source)!;
    folder.write(reject.source!, input.mended!.content);
    await outputOf([...reject.rerun!.split(" ").slice(1), "--progress", "none"]);
    mended.push(input.mended!.record);
  }
  expect(readRejects(folder.file(`${store}.rejects.jsonl`))).toEqual([]);
  const exported = await outputOf(["export", store]);
  expect(exported.split("\n").slice(0, -1)).toEqual([...inputs.flatMap((input) => input.stored), ...mended]);
}

async function checkFormat(format: Format): Promise<void> {
  const store = `${format}.store`;
  const inputs = badInputs.filter((input) => input.format === format);
  await importAll(store, inputs);
  checkRejects(store, inputs);
  for (const { found } of inputs) {
    if (found === undefined) continue;
    expect(await countByName(store, found.by)).toBe(1);
    if (found.notBy !== undefined) expect(await countByName(store, found.notBy)).toBe(0);
  }
  await mendAll(store, inputs);
  expect(await outputOf(["verify", store])).toContain("sound");
}

describe("bad records cost only themselves, and are stored when they are mended", () => {
  test.concurrent.for(formats)("%s", { timeout: 120_000 }, checkFormat);
});
