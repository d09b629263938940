import { readdirSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { jsonl, visibleState } from "../support/imports.js";
import { openUpload, type ServerProcess, startServer, stopServers, until } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

interface Job {
  id: string;
  name: string;
  state: string;
  progress: { recordsRead: number } | null;
  error: { code: string } | null;
  report: { records: { stored: number }; resumedFrom: unknown } | null;
  timeline: unknown[];
}

const docs = jsonl(Array.from({ length: 40_000 }, (_, at) => ({ id: at + 1, text: "t".repeat(80) })));
const args = ["--memory", "192MiB", "--sync-bytes", "64KiB"];
const words = "entity=Doc&key=id";
const json = { Accept: "application/json" };

async function jobs(server: ServerProcess): Promise<Job[]> {
  return (await server.json<{ imports: Job[] }>("/api/imports")).imports;
}

function send(server: ServerProcess, name: string, body: string, more = ""): Promise<Response> {
  const path = `/api/import?${words}&name=${name}${more}`;
  return server.call(path, { method: "POST", body, headers: json });
}

test("imports are known after a restart and after a crash, and those that stopped go on", async () => {
  let server = await startServer(folder, ["store", ...args]);
  expect((await send(server, "whole.jsonl", '{"id":0,"text":"a"}\n')).status).toBe(200);
  expect((await send(server, "bad.jsonl", '{"id":1,"text":"b"}\nbad\n', "&on-error=abort")).status).toBe(422);
  const before = await jobs(server);
  const details = await server.json(`/api/imports/${before[1]!.id}`);
  await server.stop();

  server = await startServer(folder, ["store", ...args]);
  expect(await jobs(server)).toEqual(before);
  expect(await server.json(`/api/imports/${before[1]!.id}`)).toEqual(details);
  const upload = openUpload(`${server.url}/api/import?${words}&name=docs.jsonl&fresh`);
  await upload.write(docs.slice(0, 2_500_000));
  const { id } = await until(async () => {
    const [found] = await jobs(server);
    return (found?.progress?.recordsRead ?? 0) > 1000 && found;
  });
  // Expected at once: the fetch breaks while the end of the process is still waited for.
  const brokenOff = expect(send(server, "waiting.jsonl", docs)).rejects.toThrow();
  await until(async () => (await jobs(server)).length === 4);
  await server.kill();
  await brokenOff;

  server = await startServer(folder, ["store", ...args]);
  const after = await jobs(server);
  expect(after.map(({ name, state }) => [name, state])).toEqual([
    ["waiting.jsonl", "interrupted"],
    ["docs.jsonl", "interrupted"],
    ["bad.jsonl", "failed"],
    ["whole.jsonl", "complete"],
  ]);
  expect(after[1]!.error!.code).toBe("UPLOAD_BROKEN_OFF");
  const resumed = await server.call(`/api/imports/${id}/resume`, {
    method: "POST",
    body: docs,
    headers: json,
  });
  expect(resumed.status).toBe(200);
  const [first] = await jobs(server);
  expect(first).toMatchObject({ id, state: "complete", error: null });
  await server.stop();
  expect((await visibleState(folder.file("store"))).lines).toHaveLength(40_001);
  // What belongs to the server alone is no matter of the store's.
  server = await startServer(folder, ["store", ...args]);
  expect((await jobs(server))[0]).toEqual(first);
});

test("what is remembered is bounded, and what cannot be read is passed over", async () => {
  let server = await startServer(folder, ["many", ...args]);
  for (let at = 0; at < 3; at++) expect((await send(server, `${at}`, `{"id":${at}}\n`)).status).toBe(200);
  await server.stop();
  const dir = folder.file("many/imports");
  const [one, other] = readdirSync(dir);
  const text = JSON.parse(folder.read(`many/imports/${one}`)) as { job: { id: string; queuedAt: string } };
  for (let at = 0; at < 120; at++) {
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
    const queuedAt = new Date(at * 1000).toISOString();
    writeFileSync(`${dir}/${id}.json`, JSON.stringify({ ...text, job: { ...text.job, id, queuedAt } }));
  }
  writeFileSync(`${dir}/${other}`, '{"version":1,"job":{}}');
  writeFileSync(`${dir}/${one}.new`, "half a fi");
  writeFileSync(`${dir}/notes.txt`, "not ours");
  server = await startServer(folder, ["many", ...args]);
  await server.running.told(other!);
  expect((await jobs(server)).length).toBeLessThanOrEqual(100);
  const names = readdirSync(dir);
  expect(names.filter((name) => name.endsWith(".json")).length).toBeLessThanOrEqual(100);
  expect(names).not.toContain(`${one}.new`);
  expect(names).toContain("notes.txt");
  expect((await send(server, "last", '{"id":9}\n')).status).toBe(200);
  expect((await jobs(server))[0]!.name).toBe("last");
  expect(readdirSync(dir).filter((name) => name.endsWith(".json")).length).toBeLessThanOrEqual(100);
});

test("a folder that is somebody else's is not written to", async () => {
  folder.write("foreign/letters.txt", "dear diary");
  await expect(startServer(folder, ["foreign", ...args])).rejects.toThrow("STORE_FOREIGN");
  expect(readdirSync(folder.file("foreign"))).toEqual(["letters.txt"]);
});
