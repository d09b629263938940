import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RejectLine } from "../../src/pipeline/index.js";
import type { StoreReader } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import { exportRecords } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importHere } from "../support/imports.js";
import { isIsomorphic, type Terms } from "./isomorphism.js";
import { isW3cThere, termsOf, termsOfLine, testsOf, title, type W3cTest } from "./w3c-suites.js";

const suiteMsMax = 240_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-w3c-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** One import of all the documents; those of one entity have nothing to do with those of another. */
async function load(name: string, documents: readonly W3cTest[]) {
  const store = join(folder, name);
  const quad = findPreset("rdf")!.entities.Quad!;
  const entities = Object.fromEntries(documents.map(({ entity }) => [entity, quad]));
  const entityOf = ({ name: path }: { name: string }) => documents.find(({ file }) => file === path)!.entity;
  const report = await importHere({
    cwd: folder,
    sources: documents.map(({ file }) => file),
    store,
    mapping: JSON.stringify({ version: 1, entities }),
    plan: { entityOf },
  });
  const rejectsFile = `${store}.rejects.jsonl`;
  const rejects = existsSync(rejectsFile) ? readFileSync(rejectsFile, "utf8").split("\n").slice(0, -1) : [];
  return { store, report, rejects: rejects.map((line) => JSON.parse(line) as RejectLine) };
}

function exported(reader: StoreReader, entity: string): Terms[] {
  const pieces = [...exportRecords(reader, { format: "nquads", entity })].map((piece) => Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1).map(termsOfLine);
}

/** Loaded together, each document tells by its own rejects that it was turned down. */
async function expectTurnedDown(name: string, documents: readonly W3cTest[]): Promise<void> {
  const { rejects } = await load(name, documents);
  const turnedDown = new Set(rejects.map(({ source }) => source));
  expect(documents.filter(({ file }) => !turnedDown.has(file)).map(({ name }) => name)).toEqual([]);
}

function lowerLanguage(quads: readonly Terms[]): Terms[] {
  return quads.map((quad) => quad.map((term) => term.replace(/@[\w-]+$/, (tag) => tag.toLowerCase())));
}

/** The documents of which the store does not say what their results say. */
async function differing(store: string, tests: readonly W3cTest[]): Promise<string[]> {
  await using reader = await openStoreReader(store);
  const isSame = ({ entity, file, result }: W3cTest) => {
    const expected = termsOf(result ?? file, `${pathToFileURL(dirname(file)).href}/`);
    return isIsomorphic(lowerLanguage(exported(reader, entity)), lowerLanguage(expected));
  };
  return tests.filter((one) => !isSame(one)).map(({ name }) => name);
}

describe.runIf(isW3cThere).each(["rdf-n-triples", "rdf-n-quads"])(`the W3C suite %s${title}`, (suite) => {
  test("every good document is loaded and written as it was", { timeout: suiteMsMax }, async () => {
    const tests = testsOf(suite).filter(({ kind }) => kind === "positive");
    expect(tests.length).toBeGreaterThan(40);
    const { store, report, rejects } = await load(`${suite}-good`, tests);
    expect({ rejects, state: report.state }).toEqual({ rejects: [], state: "complete" });
    expect(await differing(store, tests)).toEqual([]);
  });

  test("every bad document is turned down", { timeout: suiteMsMax }, async () => {
    const documents = testsOf(suite).filter(({ kind }) => kind === "negative");
    expect(documents.length).toBeGreaterThan(20);
    await expectTurnedDown(`${suite}-bad`, documents);
  });
});

describe.runIf(isW3cThere)(`the W3C suite rdf-turtle${title}`, () => {
  test("every good document is loaded", { timeout: suiteMsMax }, async () => {
    const documents = testsOf("rdf-turtle").filter(({ kind }) => kind === "positive");
    expect(documents.length).toBeGreaterThan(60);
    const { report, rejects } = await load("turtle-good", documents);
    expect({ rejects, state: report.state }).toEqual({ rejects: [], state: "complete" });
  });

  test("every bad document is turned down", { timeout: suiteMsMax }, async () => {
    const documents = testsOf("rdf-turtle").filter(({ kind }) => kind === "negative");
    expect(documents.length).toBeGreaterThan(80);
    await expectTurnedDown("turtle-bad", documents);
  });

  test("every document says what its result says", { timeout: suiteMsMax }, async () => {
    const tests = testsOf("rdf-turtle").filter(({ kind }) => kind === "eval");
    expect(tests.length).toBeGreaterThan(140);
    const { store, report, rejects } = await load("turtle-results", tests);
    expect({ rejects, state: report.state }).toEqual({ rejects: [], state: "complete" });
    expect(await differing(store, tests)).toEqual([]);
  });
});
