import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, projectFile } from "../support/cli.js";
import { openUpload, type ServerProcess, startServer, stopServers, until } from "./server-process.js";

const folder = makeFolder();
const made = 6000;
let server: ServerProcess;
let events: Record<string, unknown>[];

beforeAll(async () => {
  const script = projectFile("scripts/gen.js");
  const file = folder.file("events.jsonl");
  spawnSync(process.execPath, [script, "nostr", "--count", String(made), "--out", file]);
  const lines = readFileSync(file, "utf8");
  // What is visible of them, as the command line has it: some of the events replace or delete others.
  await importInto(folder, [file, "--into", "twin", "--preset", "nostr"]);
  const visible = (await plimsoll(["export", folder.file("twin")])).out;
  events = visible
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  server = await startServer(folder, ["events", "--memory", "192MiB"]);
  const response = await server.call("/api/import?preset=nostr&name=events.jsonl", {
    method: "POST",
    body: lines,
    headers: { Accept: "application/json" },
  });
  expect(response.status).toBe(200);
}, 120_000);
afterAll(async () => {
  await stopServers();
  folder.remove();
});

function ask(body: unknown): Promise<Response> {
  return server.call("/api/query", { method: "POST", body: JSON.stringify(body) });
}

async function recordsOf(response: Response): Promise<Record<string, unknown>[]> {
  expect(response.status).toBe(200);
  const text = await response.text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe("queries", () => {
  test("answer as the naive twin does, newest first", async () => {
    const found = await recordsOf(await ask({ nostr: { kinds: [1], limit: 50 } }));
    const expected = events
      .filter(({ kind }) => kind === 1)
      .sort((left, right) => {
        const [a, b] = [left.created_at as number, right.created_at as number];
        return a === b ? ((left.id as string) < (right.id as string) ? -1 : 1) : b - a;
      })
      .slice(0, 50);
    expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  test("count, explain, and filters of the other kind", async () => {
    const texts = events.filter(({ kind }) => kind === 1).length;
    expect(await (await ask({ nostr: [{ kinds: [1] }], count: true })).json()).toEqual({ count: texts });
    const filter = { entity: "Event", where: { kind: 1 } };
    expect(await (await ask({ filter, count: true })).json()).toEqual({ count: texts });
    expect(await recordsOf(await ask({ filter }))).toHaveLength(texts);
    const { explain } = (await (await ask({ filter, explain: true })).json()) as { explain: string[] };
    expect(explain.join(" ")).toContain("Event");
  });

  test.each([
    ["no JSON", "{", "REQUEST_INVALID"],
    ["a list", "[]", "REQUEST_INVALID"],
    ["nothing", "{}", "REQUEST_INVALID"],
    ["both", '{"filter":{},"nostr":{}}', "REQUEST_INVALID"],
    ["a member that is not known", '{"nostr":{},"limit":3}', "REQUEST_INVALID"],
    ["a filter that is not right", '{"filter":{"entity":"Nobody"}}', "QUERY_INVALID"],
  ])("%s is refused", async (_name, body, code) => {
    const response = await server.call("/api/query", { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  test("a body beyond its bound is refused", async () => {
    const response = await server.call("/api/query", { method: "POST", body: " ".repeat(2 ** 20 + 1) });
    expect(response.status).toBe(413);
  });

  test("go on while an import runs, and see it when it is done", async () => {
    const upload = openUpload(`${server.url}/api/import?preset=nostr&name=more.jsonl`, {
      Accept: "application/json",
    });
    const again = events.slice(0, 2).map((event) => `${JSON.stringify(event)}\n`);
    await upload.write(again.join(""));
    await until(async () => {
      const { imports } = await server.json<{ imports: { state: string; progress: unknown }[] }>(
        "/api/imports",
      );
      return imports[0]!.state === "running" && imports[0]!.progress !== null;
    });
    const during = await Promise.all(
      Array.from({ length: 12 }, async () => recordsOf(await ask({ nostr: { kinds: [1], limit: 500 } }))),
    );
    for (const found of during) expect(found).toHaveLength(500);
    upload.end();
    expect((await upload.answer).status).toBe(200);
    const { store } = await server.json<{ store: { records: number } }>("/api/store");
    expect(store.records).toBe(events.length);
  }, 60_000);
});

describe("an export", () => {
  test("is what the command line exports", async () => {
    const { out } = await plimsoll(["export", folder.file("events")]);
    expect(await (await server.call("/api/export")).text()).toBe(out);
    const csv = await plimsoll(["export", folder.file("events"), "--format", "csv", "--entity", "Event"]);
    expect(await (await server.call("/api/export?format=csv&entity=Event")).text()).toBe(csv.out);
  }, 60_000);

  test("that was cut goes on behind the last record that arrived", async () => {
    const whole = await (await server.call("/api/export")).text();
    const part = await cutAfter("/api/export", 1_000_000);
    const arrived = part.slice(0, part.lastIndexOf("\n") + 1);
    const last = JSON.parse(arrived.trimEnd().split("\n").at(-1)!) as { id: string };
    const rest = await (await server.call(`/api/export?cursor=${last.id}`)).text();
    expect(arrived + rest).toBe(whole);
    expect(rest.length).toBeGreaterThan(0);
    const wrong = await server.call("/api/export?cursor=nobody");
    expect(wrong.status).toBe(400);
  }, 60_000);

  test("takes filters, and goes on with them", async () => {
    const wanted = events.filter(({ kind }) => kind === 7).map(({ id }) => id);
    const path = `/api/export?nostr=${encodeURIComponent('{"kinds":[7]}')}`;
    const all = await recordsOf(await server.call(path, { method: "POST" }));
    expect(all.map(({ id }) => id)).toEqual(wanted);
    const rest = await recordsOf(await server.call(`${path}&cursor=${wanted[10]}`));
    expect(rest.map(({ id }) => id)).toEqual(wanted.slice(11));
    const filter = encodeURIComponent('{"entity":"Event","where":{"kind":7}}');
    expect(await recordsOf(await server.call(`/api/export?filter=${filter}`))).toHaveLength(wanted.length);
    const limited = encodeURIComponent('{"kinds":[7],"limit":3}');
    expect((await server.call(`/api/export?nostr=${limited}`)).status).toBe(400);
  });
});

/** Reads some of an answer and cuts the connection. */
function cutAfter(path: string, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, (response) => {
      let text = "";
      response.on("error", () => {});
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        if (text.length < bytes) return;
        response.destroy();
        resolve(Buffer.from(text, "latin1").toString("utf8"));
      });
    }).on("error", reject);
  });
}

test("metrics tell of what happened", async () => {
  const response = await server.call("/metrics");
  expect(response.headers.get("content-type")).toContain("text/plain");
  const text = await response.text();
  expect(text).toContain(`plimsoll_memory_line_bytes ${192 * 2 ** 20}\n`);
  expect(text).toMatch(/^plimsoll_imports_total\{state="complete"\} [1-9]/m);
  expect(text).toMatch(new RegExp(`^plimsoll_records_stored_total ${events.length}$`, "m"));
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) plimsoll_\w+ .+|plimsoll_\w+(\{\w+="\w+"\})? [\d.]+)$/);
  }
});
