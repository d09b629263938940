import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { seenHere } from "../support/imports.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterAll(async () => {
  await stopServers();
  folder.remove();
});

async function post(server: ServerProcess, path: string, body: string, type = "application/x-ndjson") {
  const response = await server.call(path, { method: "POST", body, headers: { "Content-Type": type } });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

/** Imports a body; the answer is what became of its records. */
async function load(server: ServerProcess, parameters: string, body: string): Promise<unknown> {
  const headers = { Accept: "application/json" };
  const response = await server.call(`/api/import?${parameters}`, { method: "POST", body, headers });
  const answer = (await response.json()) as { report?: { records: unknown }; records?: unknown };
  return answer.report?.records ?? answer.records;
}

async function lines(server: ServerProcess, filter: unknown): Promise<unknown[]> {
  const response = await server.call("/api/query", { method: "POST", body: JSON.stringify({ filter }) });
  const text = await response.text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test("records are deleted by their keys, at once and through a kill, and may come again", async () => {
  let server = await startServer(folder, ["docs", "--memory", "256MiB"]);
  const docs = Array.from({ length: 6 }, (_, id) => JSON.stringify({ id, tag: `t${id % 2}` })).join("\n");
  await load(server, "entity=Doc&key=id&index=tag&name=a.jsonl", docs);
  const path = "/api/records?op=delete";
  const deleted = await post(server, path, '{"id":1}\n{"id":3}\n{"tag":"t1"}\n{"id":77}\n');
  expect(deleted.answer.outcomes).toMatchObject([
    { state: "deleted" },
    { state: "deleted" },
    { state: "rejected", code: "KEY_MISSING" },
    { state: "deleted" },
  ]);
  expect(await lines(server, { where: { tag: "t1" } })).toEqual([{ id: 5, tag: "t1" }]);
  const again = await post(server, "/api/records", '{"id":3,"tag":"new"}');
  expect(again.answer.outcomes).toEqual([{ state: "stored" }]);
  await server.kill();
  server = await startServer(folder, ["docs", "--memory", "256MiB"]);
  const ids = async () => (await lines(server, {})).map((doc) => (doc as { id: number }).id);
  expect((await ids()).sort()).toEqual([0, 2, 3, 4, 5]);
  // What an import brings comes after what was written before it.
  await post(server, path, '{"id":4}');
  const list = await load(server, "entity=Doc&delete=true&name=gone.jsonl", '{"id":5}\n{"id":2}\n');
  expect(list).toMatchObject({ read: 2, stored: 0, deleted: 2 });
  await load(server, "entity=Doc&name=b.jsonl", '{"id":4,"tag":"b"}\n');
  expect((await ids()).sort()).toEqual([0, 3, 4]);
  const large = await post(server, "/api/records", JSON.stringify({ id: 8, tag: "x".repeat(600_000) }));
  expect(large.answer.outcomes).toMatchObject([{ state: "rejected", code: "RECORD_TOO_LARGE" }]);
  const wrong = await post(server, "/api/records?op=drop", "{}");
  expect(wrong).toMatchObject({ status: 400, answer: { error: { code: "REQUEST_INVALID" } } });
  await server.stop();
  const { lines: left, faults } = await seenHere(folder.file("docs"));
  expect(faults).toEqual([]);
  expect(left).toHaveLength(3);
}, 120_000);

test("quads come and go as statements, one by one or all that have a subject and predicate", async () => {
  const server = await startServer(folder, ["quads", "--memory", "256MiB"]);
  const type = "application/n-quads";
  const many = Array.from({ length: 1_500 }, (_, n) => `<http://a> <http://knows> <http://n/${n}> .`);
  const few = [
    '<http://a> <http://name> "A"@en .',
    '<http://a> <http://name> "A" <http://g> .',
    "_:b <http://knows> <http://a> .",
    "<http://c> <http://knows> <http://a> <http://g> .",
    "# a comment",
    "not a statement",
  ];
  const set = await post(server, "/api/records?preset=rdf", [...few, ...many].join("\n"), type);
  const outcomes = set.answer.outcomes as { state: string; code?: string }[];
  expect(outcomes.map(({ state }) => state)).toEqual([
    ...Array.from({ length: 4 }, () => "stored"),
    "rejected",
    ...many.map(() => "stored"),
  ]);
  expect(outcomes[4]!.code).toBe("QUAD_SYNTAX");
  const remove = (statements: string) => post(server, "/api/records?op=delete", statements, type);
  const found = async (match: string) => (await lines(server, { match })).length;
  expect((await remove('<http://a> <http://name> "A" .')).answer.outcomes).toEqual([{ state: "deleted" }]);
  expect(await found("<http://a> <http://name> ?")).toBe(2);
  expect((await remove('<http://a> <http://name> "A"@en .\n_:b <http://knows> <http://a> .')).status).toBe(
    200,
  );
  expect(await found("<http://a> <http://name> ?")).toBe(1);
  expect(await found("? <http://knows> <http://a>")).toBe(1);
  expect((await remove("<http://a> <http://knows> * .")).answer.outcomes).toEqual([
    { state: "deleted", quads: 1_500 },
  ]);
  expect(await found("<http://a> ? ?")).toBe(1);
  const rest = await remove("<http://c> * * <http://g> .\n<http://a> * * .\n<http://c> * * <http://h> .");
  expect(rest.answer.outcomes).toEqual([
    { state: "deleted", quads: 1 },
    { state: "deleted", quads: 1 },
    { state: "deleted", quads: 0 },
  ]);
  expect(await found("? ? ?")).toBe(0);
  const back = await post(server, "/api/records", many[0]!, type);
  expect(back.answer.outcomes).toEqual([{ state: "stored" }]);
  await server.stop();
  const { lines: left, faults } = await seenHere(folder.file("quads"));
  expect(faults).toEqual([]);
  expect(left).toHaveLength(1);
}, 120_000);
