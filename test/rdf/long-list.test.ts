import { spawn } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { longListNames, longListRareEach } from "../../scripts/lib/long-list.js";
import { count, query } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importInto, makeFolder, projectFile, readReport, startPlimsoll } from "../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const edges = 500_000;
const rareEdges = edges / longListRareEach;
const words = ["-", "--format", "ntriples", "--preset", "rdf", "--into", "list", "--threads", "0"];

/** The smallest line in MiB, and a little: on a busy machine one process starts at more than another. */
async function smallLine(): Promise<number> {
  const refused = await importInto(folder, [...words, "--memory", "16MiB"], { input: "" });
  const line = /LINE_TOO_SMALL: .*Give at least --memory (\d+MiB)/.exec(refused.error)?.[1];
  expect(line, refused.error).toBeDefined();
  return Number.parseInt(line!, 10) + 4;
}

test("one list of half a million ids is loaded at the smallest line and found from its first id to its last", async () => {
  const lineMiB = await smallLine();
  const flags = ["--memory", `${lineMiB}MiB`, "--report", "report.json", "--progress", "none"];
  const loading = startPlimsoll(["import", ...words, ...flags], { cwd: folder.path, hasOpenInput: true });
  const made = spawn(process.execPath, [projectFile("scripts/gen.js"), "list", "--edges", String(edges)]);
  made.stdout.pipe(loading.child.stdin!);
  const ended = await loading.ended;
  expect(ended.code, ended.error).toBe(0);
  const report = readReport(folder.file("report.json"))!;
  expect(report.records).toMatchObject({ read: edges, stored: edges });
  expect(report.memory.peakRssBytes).toBeLessThanOrEqual(lineMiB * 2 ** 20);

  await using reader = await openStoreReader(folder.file("list"));
  const { predicate, object, rare, subject } = longListNames;
  for (const number of [1, 2, edges / 2 + 1, edges - 1]) {
    const where = { predicate, object, subject: subject(number) };
    const found = [...query(reader, { where })].map(({ bytes }) => Buffer.from(bytes).toString());
    expect(found).toEqual([JSON.stringify({ subject: subject(number), predicate, object })]);
  }
  expect(count(reader, { where: { object, subject: subject(edges) } })).toBe(0);
  const met = [...query(reader, { where: { predicate, object: rare } })];
  expect(met.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()).subject)).toEqual(
    Array.from({ length: rareEdges }, (_, at) => subject((at + 1) * longListRareEach)),
  );
  expect(count(reader, { where: { predicate, not: { object: rare } } })).toBe(edges - rareEdges);
});
