import { afterAll, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { query, verify } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl } from "../support/imports.js";
import { openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = `
version: 1
entities:
  Note:
    key: id
    fields:
      id: int
      text: { type: string, index: [ stems, trigram ], language: { field: lang } }
      lang: string
      at: { type: json, index: place }
`;

const imported = [
  { id: 1, text: "Two bicycles", lang: "en" },
  { id: 2, text: "Die Häuser am Fluss", lang: "de", at: "59.91,10.75" },
];
const written = [
  { id: 3, text: "A bicycle, red", lang: "en-GB", at: [10.7, 59.9] },
  { id: 4, text: "Ein rotes Haus", lang: "de-AT" },
  { id: 5, text: "bicycles", lang: "eo" },
];

function idsOf(reader: StoreReader, filter: object): number[] {
  const found = [...query(reader, { entity: "Note", ...filter })];
  return found.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { id: number }).id).sort();
}

function expectFound(reader: StoreReader): void {
  expect(idsOf(reader, { search: "bicycle" })).toEqual([1, 3]);
  expect(idsOf(reader, { search: "bicycles" })).toEqual([1, 3, 5]);
  expect(idsOf(reader, { search: "Haus" })).toEqual([2, 4]);
  expect(idsOf(reader, { where: { text: { contains: "cycle" } } })).toEqual([1, 3, 5]);
  expect(idsOf(reader, { where: { text: { regex: "(?i)h(äu|au)s" } } })).toEqual([2, 4]);
  const near = { longitude: 10.72, latitude: 59.9, metres: 3000 };
  expect(idsOf(reader, { where: { at: { near } } })).toEqual([2, 3]);
}

test("stems, trigrams and places of live records are those of imported ones, before a fold and after it", async () => {
  const store = folder.file("store");
  folder.write("notes.jsonl", jsonl(imported));
  await importHere({ cwd: folder.path, sources: ["notes.jsonl"], store, mapping });
  const layer = await openLayer(store);
  const records = written.map((note) => ({ entity: "Note", bytes: Buffer.from(JSON.stringify(note)) }));
  await layer.write(records);
  {
    await using reader = await openStoreReader(store);
    expectFound((await layer.overlay(reader))!);
  }
  await layer.foldNow();
  await layer[Symbol.asyncDispose]();
  await using reader = await openStoreReader(store);
  expectFound(reader);
  expect((await verify(reader)).firstFaults).toEqual([]);
}, 60_000);
