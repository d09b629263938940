import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startServer, stopServers } from "../server/server-process.js";
import { importInto, makeFolder, plimsoll, readRejects, startPlimsoll } from "../support/cli.js";
import { seenHere } from "../support/imports.js";

const folder = makeFolder();
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const lineOf = (n: number) => JSON.stringify({ n, tag: `t${n % 7}` });
const numbersIn = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as { n: number }).n);

/** How many records anybody sees now, who opens the store beside its writer. */
async function seenCount(store: string): Promise<number> {
  if (!existsSync(join(store, "plimsoll.json"))) return 0;
  const words = ["query", store, "--filter", '{"entity":"Note"}', "--count"];
  return Number((await plimsoll(words, { cwd: folder.path })).out);
}

test("killed at any moment and run again, it writes every record once, seen while it loads", async () => {
  const count = 60_000;
  const lines = Array.from({ length: count }, (_, n) => lineOf(n));
  lines.splice(20, 0, JSON.stringify({ n: -1, tag: "long".repeat(80_000) }), "no JSON");
  lines.splice(9_000, 0, "none either");
  folder.write("notes.jsonl", `${lines.join("\n")}\n`);
  const store = folder.file("notes");
  // Without a key nothing would tell a record that is written twice.
  const words = ["notes.jsonl", "--live", "--into", store, "--entity", "Note", "--index", "tag"];
  const args = ["import", ...words, "--sync-every", "9000", "--progress", "none"];
  const seen: number[] = [];
  for (const wanted of [1, 15_000, 35_000]) {
    const { child, ended } = startPlimsoll(args, { cwd: folder.path });
    let isEnded = false;
    void ended.then(() => {
      isEnded = true;
    });
    // It stands still while somebody looks, so that it cannot end meanwhile.
    for (let found = 0; found < wanted && !isEnded; ) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      child.kill("SIGSTOP");
      found = await seenCount(store);
      if (found < wanted) child.kill("SIGCONT");
      else if (!isEnded) seen.push(found);
    }
    child.kill("SIGKILL");
    await ended;
  }
  const { code, error, report } = await importInto(folder, [...words, "--sync-every", "9000"]);
  expect(code, error).toBe(0);
  expect(report!.records).toEqual({
    read: count + 3,
    stored: count,
    replaced: 0,
    superseded: 0,
    duplicates: 0,
    deleted: 0,
    rejected: 3,
  });
  expect(seen.length).toBe(3);
  const { lines: stored, faults } = await seenHere(store);
  expect(faults).toEqual([]);
  expect(numbersIn(stored)).toEqual(Array.from({ length: count }, (_, n) => n));
  const rejects = readRejects(`${store}.rejects.jsonl`);
  expect(rejects.map((line) => line.code).sort()).toEqual(["JSON_SYNTAX", "JSON_SYNTAX", "RECORD_TOO_LARGE"]);
  const again = await importInto(folder, words);
  expect(again.error).toContain("Nothing to do");
}, 120_000);

test("records and deletions of a source go the way of single writes, with the same report", async () => {
  const store = folder.file("docs");
  const docs = [1, 2, 3, 4].map((id) => JSON.stringify({ id, rev: 1 }));
  folder.write("docs.jsonl", `${docs.join("\n")}\n{"id":2,"rev":2}\n{"id":3,"rev":1}\n`);
  folder.write("gone.csv", "id\n1\n2\n99\n");
  const words = ["--live", "--into", store, "--entity", "Doc"];
  const first = ["docs.jsonl", ...words, "--key", "id", "--range", "rev", "--on-conflict", "newest:rev"];
  const loaded = await importInto(folder, first);
  expect(loaded.report!.records).toMatchObject({ read: 6, stored: 4, superseded: 1, duplicates: 1 });
  const deleted = await importInto(folder, ["gone.csv", "--delete", ...words]);
  expect(deleted.report!.records).toMatchObject({ read: 3, stored: 0, deleted: 3 });
  const { lines, faults } = await seenHere(store);
  expect(faults).toEqual([]);
  expect(lines.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([3, 4]);
  // A list of what to delete is read again once its records came again.
  await importInto(folder, [...first, "--fresh"]);
  expect((await seenHere(store)).lines).toHaveLength(4);

  const server = await startServer(folder, ["docs", "--memory", "256MiB"]);
  const body = { method: "POST", body: '{"id":9,"rev":1}' };
  expect((await server.call("/api/records", body)).status).toBe(200);
  const refused = await plimsoll(["import", "gone.csv", "--delete", ...words], { cwd: folder.path });
  expect(refused.code).toBe(1);
  expect(refused.error).toContain("STORE_SERVED");
  await server.stop();
  const rejecting = await plimsoll(["import", "docs.jsonl", "--live", "--dry-run", "--into", "x"], {
    cwd: folder.path,
  });
  expect(rejecting).toMatchObject({ code: 2 });
}, 120_000);
