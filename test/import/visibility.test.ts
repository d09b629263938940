import { afterAll, expect, onTestFinished, test } from "vitest";
import { importInto, makeFolder, plimsoll, startPlimsoll } from "../support/cli.js";
import { jsonl } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = [
  "--entity",
  "Doc",
  "--key",
  "id",
  "--index",
  "color",
  "--memory",
  "160MiB",
  "--sync-bytes",
  "256KiB",
];
const docs = (first: number, count: number) =>
  jsonl(
    Array.from({ length: count }, (_, at) => ({
      id: first + at,
      color: at % 2 ? "red" : "blue",
      text: "x".repeat(60),
    })),
  );

test("readers see the state before an import or behind it; a second writer is refused", async () => {
  const store = folder.file("store");
  const [before, added] = [1000, 60_000];
  folder.write("first.jsonl", docs(0, before));
  // It repeats half of what is there, so that the merge has losers to settle.
  folder.write("second.jsonl", docs(before / 2, added));
  folder.write("third.jsonl", docs(0, 10));
  const first = await importInto(folder, ["first.jsonl", ...options, "--into", store]);
  expect(first.code, first.error).toBe(0);
  const args = ["import", "second.jsonl", ...options, "--into", store, "--progress", "json"];
  const writer = startPlimsoll(args, { cwd: folder.path });
  onTestFinished(() => void writer.child.kill("SIGKILL"));
  let isRunning = true;
  void writer.ended.then(() => {
    isRunning = false;
  });
  await writer.told('{"phase"');
  /** What happens meanwhile happens while the import is under way, however fast the machine. */
  const whileStopped = async <T>(work: () => Promise<T>): Promise<T> => {
    writer.child.kill("SIGSTOP");
    // It may have been stopped with a lock in its hand that readers take for a moment.
    const timer = setTimeout(() => writer.child.kill("SIGCONT"), 5000);
    const done = await work();
    clearTimeout(timer);
    return done;
  };
  const third = await whileStopped(() => importInto(folder, ["third.jsonl", ...options, "--into", store]));
  expect(third.code).toBe(1);
  expect(third.error).toContain(
    `plimsoll: STORE_LOCKED: ${store} is being written by process ${writer.child.pid}`,
  );
  expect(third.error).toContain("Wait until that import has ended");
  const filter = JSON.stringify({ where: { color: "red" } });
  const count = async () => {
    const { code, out, error } = await plimsoll(["query", store, "--filter", filter, "--count"]);
    expect(code, error).toBe(0);
    return Number(out);
  };
  expect(await whileStopped(count)).toBe(before / 2);
  const counts: number[] = [];
  // The writer goes on in short spans: a reader behind each of them, while it is stopped and while it is not.
  while (isRunning) {
    writer.child.kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 40));
    counts.push(counts.length % 2 === 0 && counts.length < 25 ? await whileStopped(count) : await count());
  }
  const { code, error } = await writer.ended;
  expect(code, error).toBe(0);
  counts.push(await count());
  const after = before / 2 + (added - before / 2) / 2;
  const turn = counts.indexOf(after);
  expect(turn).toBeGreaterThan(0);
  expect(
    counts.slice(0, turn).every((seen) => seen === before / 2),
    counts.join(" "),
  ).toBe(true);
  expect(
    counts.slice(turn).every((seen) => seen === after),
    counts.join(" "),
  ).toBe(true);
  expect((await plimsoll(["verify", store])).out).toContain("sound");
  const later = await importInto(folder, ["third.jsonl", ...options, "--into", store]);
  expect(later.report, later.error).toMatchObject({ records: { duplicates: 10, stored: 0 } });
}, 120_000);
