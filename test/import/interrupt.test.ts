import { afterAll, beforeAll, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, readReport, startPlimsoll } from "../support/cli.js";
import { visibleState } from "../support/imports.js";
import { citiesCsv, peopleCsv, peopleMapping } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

beforeAll(() => {
  folder.write("mapping.yaml", peopleMapping);
  folder.write("cities.csv", citiesCsv);
  folder.write("people.csv", peopleCsv({ count: 400_000, seed: 4 }));
});

const words = (store: string) => [
  "import",
  "people.csv",
  "cities.csv",
  "--into",
  store,
  "--mapping",
  "mapping.yaml",
  "--memory",
  "160MiB",
];

test("an interrupted import ends with 130, says how to go on, and goes on", async () => {
  const args = [...words("store"), "--report", "report.json", "--progress", "json"];
  const running = startPlimsoll(args, { cwd: folder.path });
  await running.told('"phase":"read"');
  await new Promise((resolve) => setTimeout(resolve, 150));
  running.child.kill("SIGINT");
  const ended = await running.ended;
  expect(ended.code, ended.error).toBe(130);
  expect(ended.error).toContain("Stopping at a checkpoint. Interrupt once more to stop at once.");
  const command = ended.error.trimEnd().split("\n").at(-1)!.trim();
  expect(command).toBe(`plimsoll ${args.join(" ")}`);
  const interrupted = readReport(folder.file("report.json"))!;
  expect(interrupted).toMatchObject({ state: "interrupted", error: { code: "INTERRUPTED" } });
  expect(interrupted.records.read).toBeGreaterThan(0);

  const resumed = await plimsoll(command.split(" ").slice(1), { cwd: folder.path });
  expect(resumed.code, resumed.error).toBe(0);
  const report = readReport(folder.file("report.json"))!;
  // The checkpoint is made at the interruption: nothing that was counted is read again.
  expect(report.resumedFrom).toEqual({
    phase: "read",
    record: interrupted.records.read,
    source: "people.csv",
  });
  const whole = await importInto(folder, words("undisturbed").slice(1));
  expect(report.records).toEqual(whole.report!.records);
  expect(report.bytes.read).toBe(whole.report!.bytes.read);
  expect(await visibleState(folder.file("store"))).toEqual(await visibleState(folder.file("undisturbed")));
}, 90_000);

test("a second interruption ends the process at once", async () => {
  const running = startPlimsoll([...words("twice"), "--progress", "json"], { cwd: folder.path });
  await running.told('"phase":"read"');
  running.child.kill("SIGINT");
  await running.told("Stopping at a checkpoint");
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(130);
});

test("an import that waits for its stream can be interrupted", async () => {
  const args = [
    "import",
    "-",
    "--into",
    "stream",
    "--format",
    "jsonl",
    "--entity",
    "E",
    "--key",
    "id",
    "--progress",
    "json",
  ];
  const running = startPlimsoll(args, { cwd: folder.path, hasOpenInput: true });
  running.child.stdin!.write('{"id":1}\n{"id":2}\n');
  await running.told('"phase":"read"');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  running.child.kill("SIGINT");
  const ended = await running.ended;
  expect(ended.code, ended.error).toBe(130);
  // The stream is given again from its beginning: what was loaded is passed over.
  const again = await plimsoll(args, { cwd: folder.path, input: '{"id":1}\n{"id":2}\n{"id":3}\n' });
  expect(again.code, again.error).toBe(0);
  expect((await visibleState(folder.file("stream"))).lines).toEqual(['{"id":1}', '{"id":2}', '{"id":3}']);
}, 30_000);

test("an interruption while runs are merged is resumable", async () => {
  const args = [...words("merging"), "--sync-bytes", "512KiB", "--progress", "json"];
  const running = startPlimsoll(args, { cwd: folder.path });
  await running.told('"phase":"merge"');
  running.child.kill("SIGINT");
  const ended = await running.ended;
  expect([0, 130], ended.error).toContain(ended.code);
  const again = await plimsoll(args, { cwd: folder.path });
  expect(again.code, again.error).toBe(0);
  expect((await plimsoll(["verify", "merging"], { cwd: folder.path })).code).toBe(0);
}, 90_000);
