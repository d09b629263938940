import { spawnSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { type ServerProcess, startServer, stopServers } from "../server/server-process.js";
import { makeFolder, projectFile } from "../support/cli.js";

const folder = makeFolder();
afterAll(async () => {
  await stopServers();
  folder.remove();
});

/** The last one comes about when what was written is folded, because nothing follows. */
const killDelaysMs = [400, 1_200, 5_100];

function someEvents(count: number): { id: string }[] {
  const script = projectFile("scripts/gen.js");
  const made = spawnSync(process.execPath, [script, "nostr", "--count", String(count)], {
    maxBuffer: 2 ** 26,
  });
  const lines = made.stdout.toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { id: string });
}

async function write(server: ServerProcess, records: unknown[], parameters = ""): Promise<Response> {
  return await server.call(`/api/records${parameters}`, {
    method: "POST",
    body: records.map((record) => JSON.stringify(record)).join("\n"),
    headers: { "Content-Type": "application/x-ndjson" },
  });
}

/** Every record that the filter finds, by the member that names it. */
async function seen(server: ServerProcess, filter: unknown, member: string): Promise<unknown[]> {
  const response = await server.call("/api/query", { method: "POST", body: JSON.stringify(filter) });
  const lines = (await response.text()).split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as Record<string, unknown>)[member]);
}

test("what was acknowledged is there after a kill at any moment, and there once", async () => {
  const events = someEvents(6_000).filter((event) => (event as unknown as { kind: number }).kind === 1);
  let server = await startServer(folder, ["events", "--memory", "256MiB"]);
  const acknowledged: string[] = [];
  let at = 0;
  for (const delayMs of killDelaysMs) {
    const isPausing = delayMs === killDelaysMs.at(-1);
    const endMs = Date.now() + delayMs;
    const clients = Array.from({ length: 4 }, async () => {
      while (at < events.length) {
        const part = events.slice(at, at + 7);
        at += 7;
        const response = await write(server, part, "?preset=nostr").catch(() => null);
        if (response === null || response.status !== 200) return;
        acknowledged.push(...part.map(({ id }) => id));
        if (isPausing) return;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, endMs - Date.now()));
    await server.kill();
    await Promise.all(clients);
    server = await startServer(folder, ["events", "--memory", "256MiB"]);
    const ids = (await seen(server, { nostr: { limit: 10_000 } }, "id")) as string[];
    expect(new Set(ids).size).toBe(ids.length);
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThan(0);
}, 180_000);
