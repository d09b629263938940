import { afterAll, expect, test } from "vitest";
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

test("a reader sees the state before an import and then the one behind it, a second writer is refused", async () => {
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
  let isRunning = true;
  void writer.ended.then(() => {
    isRunning = false;
  });
  await writer.told('{"phase"');
  // Stopped, so that everything below happens while the import is under way, however fast the machine.
  writer.child.kill("SIGSTOP");
  const third = await importInto(folder, ["third.jsonl", ...options, "--into", store]);
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
  expect(await count()).toBe(before / 2);
  const counts: number[] = [];
  // Runs in short spans: a reader in each of them, while the writer is stopped and while it is not.
  while (isRunning) {
    writer.child.kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 40));
    if (counts.length < 25) writer.child.kill("SIGSTOP");
    const pending = count();
    if (counts.length % 2 === 0) writer.child.kill("SIGCONT");
    counts.push(await pending);
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
}, 60_000);
