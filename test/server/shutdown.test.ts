import { afterAll, afterEach, describe, expect, test } from "vitest";
import { importInto, makeFolder } from "../support/cli.js";
import { jsonl } from "../support/imports.js";
import {
  openUpload,
  rawConnection,
  type ServerProcess,
  startServer,
  stopServers,
  until,
} from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

const docs = jsonl(Array.from({ length: 20_000 }, (_, at) => ({ id: at + 1, text: "t".repeat(2000) })));
const args = ["--memory", "192MiB", "--sync-bytes", "64KiB"];

async function jobs(
  server: ServerProcess,
): Promise<{ state: string; progress: { recordsRead: number } | null }[]> {
  return (await server.json<{ imports: never[] }>("/api/imports")).imports;
}

function get(server: ServerProcess, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`;
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("ends every connection, leaves the import where it can go on, and says so", async () => {
    const store = `busy-${signal}`;
    folder.write("docs.jsonl", docs);
    expect(
      (await importInto(folder, ["docs.jsonl", "--entity", "Doc", "--key", "id", "--into", store])).code,
    ).toBe(0);
    const server = await startServer(folder, [store, ...args]);
    const events = await server.call("/api/events");
    const upload = openUpload(`${server.url}/api/import?entity=Doc&key=id&name=more.jsonl`);
    await upload.write(docs.slice(0, 5_000_000));
    await until(async () => ((await jobs(server))[0]?.progress?.recordsRead ?? 0) > 0);
    const idle = rawConnection(server, get(server, "/healthz"));
    await idle.says(/"ok"/);
    const silent = rawConnection(server, "");
    const halfHead = rawConnection(server, "GET /healthz HTTP/1.1\r\n");
    const halfQuestion = rawConnection(
      server,
      get(server, "/api/query").replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 99\r\n\r\n{"),
    );
    const reader = rawConnection(server, get(server, "/api/export"));
    reader.socket.pause();
    await until(async () => /queries_running 1\n/.test(await (await server.call("/metrics")).text()));
    const askedAt = performance.now();
    server.running.child.kill(signal);
    const { code, error } = await server.running.ended;
    expect(code, error).toBe(130);
    expect(error).toContain("send the same file");
    // Five seconds for connections, the rest for a checkpoint on a busy machine.
    expect(performance.now() - askedAt).toBeLessThan(30_000);
    const { text, isWhole } = await upload.answer;
    expect(isWhole).toBe(false);
    expect(text).toContain("SERVER_STOPPING");
    expect(await events.text()).toContain("event: import");
    reader.socket.resume();
    for (const connection of [idle, silent, halfHead, halfQuestion, reader]) await connection.closed;
    const next = await startServer(folder, [store, ...args]);
    expect((await jobs(next))[0]).toMatchObject({ state: "interrupted" });
    folder.write("other.jsonl", jsonl([{ id: 0, text: "other" }]));
    const other = await importInto(folder, ["other.jsonl", "--into", store]);
    expect(other.error).toContain("IMPORT_PENDING");
  });

  test("without an import is the end of the work, and all is well", async () => {
    const server = await startServer(folder, [`idle-${signal}`, ...args]);
    const idle = rawConnection(server, get(server, "/healthz"));
    await idle.says(/"ok"/);
    server.running.child.kill(signal);
    expect((await server.running.ended).code).toBe(0);
    await idle.closed;
  });
});
