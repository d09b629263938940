import { afterAll, afterEach, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

const accept = { Accept: "application/json" };
const schema = "name: string @index(term, exact) .\nage: int @index(int) .\n";
const people = '<a> <name> "Alice" .\n<b> <age> "31" .\n<c> <age> "old" .\n';
const mapping =
  "version: 1\nentities:\n  City:\n    key: id\n    fields:\n      id: int\n      name: { type: string, index: exact }\n";

async function load(
  server: ServerProcess,
  parameters: string,
  body: string | FormData,
): Promise<[number, string]> {
  const response = await server.call(`/api/import?${parameters}`, { method: "POST", body, headers: accept });
  return [response.status, await response.text()];
}

function form(fields: [string, string | Blob][]): FormData {
  const made = new FormData();
  for (const [name, value] of fields) made.append(name, value);
  return made;
}

async function counted(server: ServerProcess, filter: object): Promise<number> {
  const body = JSON.stringify({ filter, count: true });
  return (await server.json<{ count: number }>("/api/query", { method: "POST", body })).count;
}

test("a schema comes as a parameter, a field or a small file of the form, and says how quads are found", async () => {
  const server = await startServer(folder, ["graph", "--memory", "192MiB"]);
  const file = new Blob([people]);
  const words = "format=dgraph-rdf&name=people.rdf";
  const ways: [string, string | FormData][] = [
    [`${words}&schema=${encodeURIComponent(schema)}`, people],
    [
      words,
      form([
        ["schema", schema],
        ["file", file],
      ]),
    ],
    [
      words,
      form([
        ["schema", new Blob([schema])],
        ["file", file],
      ]),
    ],
  ];
  for (const [at, [parameters, body]] of ways.entries()) {
    const [status, text] = await load(server, parameters, body);
    expect(status, text).toBe(200);
    // Each form is a document of its own, and these have no blank nodes: the same quads again.
    expect(JSON.parse(text).records, `way ${at}`).toMatchObject({ stored: at === 0 ? 2 : 0, rejected: 1 });
  }
  expect(await counted(server, { where: { age: { gte: 18 } } })).toBe(1);
  expect(await counted(server, { search: { name: "alice" } })).toBe(1);
  const refused: [string, string | FormData, RegExp][] = [
    [`${words}&schema=name`, people, /"SCHEMA_INVALID","message":"the parameter schema/],
    [`${words}&schema=name:%20password%20.`, people, /"SCHEMA_UNSUPPORTED"/],
    [`${words}&schema=name:%20int%20.`, people, /"MAPPING_CONFLICT"/],
    [
      `${words}&schema=a:%20int%20.`,
      form([
        ["schema", schema],
        ["file", file],
      ]),
      /schema comes 2 times/,
    ],
    [
      words,
      form([
        ["schema", schema],
        ["schema", schema],
        ["file", file],
      ]),
      /schema of its form comes twice/,
    ],
    [
      words,
      form([
        ["schema", "#".repeat(70_000)],
        ["file", file],
      ]),
      /is longer than 65536 bytes/,
    ],
    [
      words,
      form([
        ["schema", new Blob(["#".repeat(70_000)])],
        ["file", file],
      ]),
      /is longer than 65536 bytes/,
    ],
    [
      words,
      form([
        ["schema", "# a\n".repeat(9_000)],
        ["file", file],
      ]),
      /parameters take \d+ bytes, and may take/,
    ],
  ];
  for (const [parameters, body, reason] of refused) {
    const [status, text] = await load(server, parameters, body);
    expect(text).toMatch(reason);
    expect(status, text).toBe(/CONFLICT/.test(text) ? 409 : 400);
  }
}, 60_000);

test("a mapping comes the same ways, and is there for an import that goes on after a crash", async () => {
  const server = await startServer(folder, ["cities", "--memory", "192MiB", "--sync-bytes", "64KiB"]);
  const cities = Array.from({ length: 20_000 }, (_, id) => `{"id":${id},"name":"n${id % 9}"}\n`).join("");
  const bad = "entities: [";
  expect((await load(server, `mapping=${encodeURIComponent(bad)}`, cities))[1]).toMatch(
    /the parameter mapping/,
  );
  const [status, text] = await load(
    server,
    "on-error=abort",
    form([
      ["mapping", mapping],
      ["file", new File([`${cities}bad\n`], "cities.jsonl")],
    ]),
  );
  expect(status, text).toBe(422);
  await server.kill();
  const again = await startServer(folder, ["cities", "--memory", "192MiB", "--sync-bytes", "64KiB"]);
  const { imports } = await again.json<{ imports: { id: string; state: string }[] }>("/api/imports");
  const { id } = imports.find(({ state }) => state === "failed")!;
  const path = `/api/imports/${id}/resume`;
  const whole = `${cities}{"id":1}\n`;
  const response = await again.call(path, { method: "POST", body: whole, headers: accept });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ records: { read: 20_001, stored: 20_000, duplicates: 1 } });
  expect(await counted(again, { entity: "City", where: { name: "n1" } })).toBe(2_223);
}, 60_000);
