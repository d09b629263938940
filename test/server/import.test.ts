import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { ImportReport } from "../../src/pipeline/index.js";
import { importInto, makeFolder } from "../support/cli.js";
import { jsonl, visibleState } from "../support/imports.js";
import {
  formWith,
  linesOf,
  openUpload,
  type ServerProcess,
  startServer,
  stopServers,
  until,
} from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

const count = 30_000;
const docs = jsonl(
  Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    name: `name ${at % 1000}`,
    rank: at % 77,
    text: "t".repeat(40),
  })),
);
const options = "entity=Doc&key=id&index=name&range=rank";
const address = `/api/import?${options}&name=docs.jsonl`;
/** A checkpoint after little input, so that a test that breaks off finds one. */
const serverArgs = ["--memory", "192MiB", "--sync-bytes", "64KiB"];
const json = { Accept: "application/json" };

async function undisturbed(name: string): Promise<Awaited<ReturnType<typeof visibleState>>> {
  writeFileSync(folder.file("docs.jsonl"), docs);
  const words = ["--entity", "Doc", "--key", "id", "--index", "name", "--range", "rank"];
  const { code, error } = await importInto(folder, ["docs.jsonl", ...words, "--into", name]);
  expect(code, error).toBe(0);
  return visibleState(folder.file(name));
}

const expected = undisturbed("cli");

async function assertSame(server: ServerProcess, store: string): Promise<void> {
  await server.stop();
  expect(await visibleState(folder.file(store))).toEqual(await expected);
}

interface Job {
  id: string;
  name: string;
  state: string;
  progress: { recordsRead: number } | null;
  report: ImportReport;
  error: { code: string } | null;
  timeline: unknown[];
  memory: { lineBytes: number; shares: Record<string, number> };
}

async function jobs(server: ServerProcess): Promise<Job[]> {
  return (await server.json<{ imports: Job[] }>("/api/imports")).imports;
}

async function job(server: ServerProcess, id: string): Promise<Job> {
  return (await server.json<{ import: Job }>(`/api/imports/${id}`)).import;
}

describe("an upload makes the store that the command line makes", () => {
  const gzip = gzipSync(docs);
  const bodies: [string, () => { path: string; init: RequestInit }][] = [
    ["raw", () => ({ path: address, init: { body: docs } })],
    ["raw and gzip", () => ({ path: address, init: { body: gzip } })],
    ["a form", () => ({ path: `/api/import?${options}`, init: { body: formWith("docs.jsonl", docs) } })],
    [
      "a form with gzip, behind other fields",
      () => {
        const form = new FormData();
        form.append("comment", "one of many");
        form.append("file", new Blob([gzip]), "docs.jsonl.gz");
        form.append("after", new Blob(["more"]), "more.txt");
        return { path: `/api/import?${options}&name=docs.jsonl`, init: { body: form } };
      },
    ],
  ];
  test.each(bodies)(
    "%s",
    async (name, make) => {
      const store = name.replaceAll(/\W+/g, "-");
      const server = await startServer(folder, [store, ...serverArgs]);
      const { path, init } = make();
      const response = await server.call(path, { method: "POST", ...init });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/x-ndjson");
      const { lines, isWhole } = await linesOf(response);
      expect(isWhole).toBe(true);
      expect(lines[0]).toMatchObject({ type: "accepted", import: { state: "running" } });
      expect(lines.at(-1)).toMatchObject({ type: "report", report: { state: "complete" } });
      expect(lines.at(-1)!.report!.records).toMatchObject({ read: count, stored: count });
      const [ended] = await jobs(server);
      const details = await job(server, ended!.id);
      expect(details).toMatchObject({ state: "complete", error: null });
      expect(details.memory.lineBytes).toBe(192 * 2 ** 20);
      expect(Object.keys(details.memory.shares)).toContain("inputSlabs");
      expect(details.timeline.length).toBeGreaterThan(0);
      await assertSame(server, store);
    },
    120_000,
  );
});

test("one JSON document at the end, or an answer as soon as the body is read, when that is asked for", async () => {
  const server = await startServer(folder, ["ways", ...serverArgs]);
  const whole = await server.call(address, { method: "POST", body: docs, headers: json });
  expect(whole.status).toBe(200);
  expect(await whole.json()).toMatchObject({ state: "complete", records: { stored: count } });
  const later = await server.call(address, {
    method: "POST",
    body: docs,
    headers: { Prefer: "respond-async" },
  });
  expect(later.status).toBe(202);
  const told = (await later.json()) as { import: Job };
  expect(later.headers.get("location")).toBe(`/api/imports/${told.import.id}`);
  const ended = await until(async () => {
    const found = await job(server, told.import.id);
    return found.state === "complete" && found;
  });
  expect(ended.report.records).toMatchObject({ read: count, duplicates: count });
}, 120_000);

describe("an import that fails is a failed status", () => {
  const oneBad = '{"id":1}\n{"name":"no key"}\n';
  const cases: [string, string, string | Uint8Array, number, string][] = [
    ["what is no text", "?name=a", new Uint8Array(4096).fill(7), 400, "FORMAT_UNKNOWN"],
    ["an option that is not known", "?kye=id", docs, 400, "REQUEST_INVALID"],
    ["an option that does not fit", "?limit=many", docs, 400, "REQUEST_INVALID"],
    ["a file of the server", "?mapping=/etc/passwd", docs, 400, "MAPPING_INVALID"],
    ["a bad record, where none may be", "?on-error=abort&entity=Doc&key=id", oneBad, 422, "RECORD_REJECTED"],
    ["too many bad records", "?max-rejects=0&entity=Doc&key=id", oneBad, 422, "TOO_MANY_REJECTS"],
    [
      "a file that is cut off",
      "?entity=Doc&key=id&name=c.jsonl.gz",
      gzipSync(docs).subarray(0, 20_000),
      422,
      "SOURCE_DAMAGED",
    ],
  ];
  test.each(cases)(
    "%s",
    async (name, query, body, status, code) => {
      const store = `fail-${name.replaceAll(/\W+/g, "-")}`;
      const server = await startServer(folder, [store, ...serverArgs]);
      const response = await server.call(`/api/import${query}`, {
        method: "POST",
        body: body as never,
        headers: json,
      });
      expect(response.status).toBe(status);
      const told = (await response.json()) as { error: { code: string; message: string } };
      expect(told.error.code).toBe(code);
      expect(told.error.message).not.toContain(folder.path);
      await server.stop();
    },
    60_000,
  );

  test("once lines were sent, the last one says so and the transfer breaks off", async () => {
    const server = await startServer(folder, ["fail-late", ...serverArgs]);
    const bad = `${docs}not json\n`;
    const response = await server.call(`${address}&on-error=abort`, { method: "POST", body: bad });
    expect(response.status).toBe(200);
    const { lines, isWhole } = await linesOf(response);
    expect(isWhole).toBe(false);
    expect(lines.at(-1)).toMatchObject({ type: "failed", error: { code: "RECORD_REJECTED" } });
    expect(lines.at(-1)!.report!.state).toBe("failed");
  }, 60_000);

  test("another import than the one that is unfinished, and a second writer", async () => {
    const server = await startServer(folder, ["pending", ...serverArgs]);
    const upload = openUpload(`${server.url}${address}`);
    await upload.write(docs.slice(0, 400_000));
    await until(async () => ((await jobs(server))[0]?.progress?.recordsRead ?? 0) > 0);
    const other = await importInto(folder, ["docs.jsonl", "--into", "pending"]);
    expect(other.error).toContain("STORE_LOCKED");
    upload.vanish();
    await until(async () => (await jobs(server))[0]?.state === "interrupted");
    const response = await server.call(`/api/import?${options}&name=others.jsonl`, {
      method: "POST",
      body: docs,
      headers: json,
    });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: "IMPORT_PENDING" } });
  }, 60_000);
});

test("uploads at the same time wait for one another", async () => {
  const server = await startServer(folder, ["queue", ...serverArgs]);
  const first = openUpload(`${server.url}${address}`);
  await first.write(docs.slice(0, 1000));
  await until(async () => (await jobs(server)).some(({ state }) => state === "running"));
  const others = [1, 2, 3].map(() => server.call(address, { method: "POST", body: docs, headers: json }));
  await until(async () => (await jobs(server)).filter(({ state }) => state === "queued").length === 3);
  await first.write(docs.slice(1000));
  first.end();
  const { status, text } = await first.answer;
  expect([status, JSON.parse(text.trimEnd().split("\n").at(-1)!).type]).toEqual([200, "report"]);
  for (const other of others) expect((await other).status).toBe(200);
  expect((await jobs(server)).map(({ state }) => state)).toEqual(Array(4).fill("complete"));
  expect((await server.json<{ store: { records: number } }>("/api/store")).store.records).toBe(count);
}, 120_000);

test("more uploads than may wait are sent away", async () => {
  const server = await startServer(folder, ["full", ...serverArgs]);
  const first = openUpload(`${server.url}${address}`);
  await first.write(docs.slice(0, 1000));
  await until(async () => (await jobs(server)).some(({ state }) => state === "running"));
  const waiting = Array.from({ length: 8 }, () => openUpload(`${server.url}${address}`));
  for (const upload of waiting) await upload.write("{");
  await until(async () => (await jobs(server)).length === 9);
  const response = await server.call(address, { method: "POST", body: "{}" });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("10");
  await server.kill();
}, 60_000);

describe("an import that stops goes on with the same bytes", () => {
  async function begin(server: ServerProcess) {
    const upload = openUpload(`${server.url}${address}`);
    await upload.write(docs.slice(0, 1_500_000));
    const running = await until(async () => {
      const [found] = await jobs(server);
      return (found?.progress?.recordsRead ?? 0) > 1000 && found;
    });
    return { upload, id: running.id };
  }

  test("that was cancelled", async () => {
    const server = await startServer(folder, ["cancelled", ...serverArgs]);
    const { upload, id } = await begin(server);
    expect((await server.call(`/api/imports/${id}/resume`, { method: "POST", body: docs })).status).toBe(409);
    const response = await server.call(`/api/imports/${id}/cancel`, { method: "POST" });
    expect(response.status).toBe(202);
    const { text, isWhole } = await upload.answer;
    expect(isWhole).toBe(false);
    const last = JSON.parse(text.trimEnd().split("\n").at(-1)!);
    expect(last).toMatchObject({ type: "failed", error: { code: "IMPORT_CANCELLED" } });
    expect((await job(server, id)).state).toBe("cancelled");
    expect((await server.call(`/api/imports/${id}/cancel`, { method: "POST" })).status).toBe(409);
    const resumed = await server.call(`/api/imports/${id}/resume`, {
      method: "POST",
      body: docs,
      headers: json,
    });
    expect(resumed.status).toBe(200);
    const report = (await resumed.json()) as ImportReport;
    expect(report.resumedFrom!.record).toBeGreaterThan(0);
    expect(report.records.stored).toBe(count);
    await assertSame(server, "cancelled");
  }, 120_000);

  test("whose client vanished", async () => {
    const server = await startServer(folder, ["vanished", ...serverArgs]);
    const { upload, id } = await begin(server);
    upload.vanish();
    const ended = await until(async () => {
      const found = await job(server, id);
      return found.state === "interrupted" && found;
    });
    expect(ended.error!.code).toBe("UPLOAD_BROKEN_OFF");
    const resumed = await server.call(`/api/imports/${id}/resume`, {
      method: "POST",
      body: formWith("another-name.jsonl", docs),
      headers: json,
    });
    const report = (await resumed.json()) as ImportReport;
    expect(report.resumedFrom!.record).toBeGreaterThan(0);
    await assertSame(server, "vanished");
  }, 120_000);

  test("whose server was killed, or told to stop", async () => {
    for (const [store, signal] of [["killed", "SIGKILL"] as const, ["stopped", "SIGTERM"] as const]) {
      const server = await startServer(folder, [store, ...serverArgs]);
      const { upload } = await begin(server);
      if (signal === "SIGKILL") await server.kill();
      else {
        await server.stop();
        expect((await server.running.ended).code).toBe(130);
        expect((await upload.answer).text).toContain("SERVER_STOPPING");
      }
      const next = await startServer(folder, [store, ...serverArgs]);
      const response = await next.call(address, { method: "POST", body: docs, headers: json });
      expect(response.status).toBe(200);
      const report = (await response.json()) as ImportReport;
      if (signal === "SIGTERM") expect(report.resumedFrom!.record).toBeGreaterThan(0);
      expect(report.records.stored).toBe(count);
      await assertSame(next, store);
    }
  }, 120_000);
});

test("what happens is told as it happens", async () => {
  const server = await startServer(folder, ["events", ...serverArgs]);
  const all = await server.call("/api/events");
  expect(all.headers.get("content-type")).toBe("text/event-stream");
  await (await server.call(address, { method: "POST", body: docs, headers: json })).json();
  const [{ id }] = (await jobs(server)) as [Job];
  let text = "";
  for await (const chunk of all.body as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.includes("event: store")) break;
  }
  const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
  expect(names[0]).toBe("import");
  expect(names).toEqual(expect.arrayContaining(["import", "point", "end", "store"]));
  const one = await (await server.call(`/api/imports/${id}/events`)).text();
  const [, ended] = /event: end\ndata: (.*)\n/.exec(one)!;
  expect(JSON.parse(ended!)).toMatchObject({ id, state: "complete", report: { records: { stored: count } } });
}, 60_000);
