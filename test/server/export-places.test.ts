import { get } from "node:http";
import { afterAll, afterEach, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { jsonl } from "../support/imports.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

interface Placed {
  place: number;
  record: { id: number; round: number };
}

/** Whole lines of an export up to some size, then the connection is cut. */
function pageOf(
  server: ServerProcess,
  path: string,
  bytes: number,
): Promise<{ lines: Placed[]; isLast: boolean }> {
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, (response) => {
      let text = "";
      const end = (isLast: boolean) => {
        const lines = text.split("\n").slice(0, -1);
        resolve({ lines: lines.map((line) => JSON.parse(line) as Placed), isLast });
      };
      response.on("error", () => {});
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        if (text.length < bytes) return;
        response.destroy();
        end(false);
      });
      response.on("end", () => end(true));
    }).on("error", reject);
  });
}

test("a record that stays comes exactly once, however often the export is cut and the store is sealed", async () => {
  const server = await startServer(folder, ["store", "--memory", "192MiB"]);
  const text = "t".repeat(300);
  const load = async (ids: number[], round: number) => {
    const path = "/api/import?entity=Doc&key=id&on-conflict=replace";
    const body = jsonl(ids.map((id) => ({ id, round, text })));
    const headers = { Accept: "application/json" };
    const name = `&name=round-${round}.jsonl`;
    expect((await server.call(`${path}${name}`, { method: "POST", body, headers })).status).toBe(200);
  };
  const count = 6000;
  await load(
    Array.from({ length: count }, (_, at) => at),
    0,
  );
  const came: Placed["record"][] = [];
  const replaced = new Set<number>();
  let after = "";
  for (let round = 1; ; round++) {
    const { lines, isLast } = await pageOf(server, `/api/export?places=true${after}`, 250_000);
    came.push(...lines.map(({ record }) => record));
    if (isLast) break;
    after = `&after=${lines.at(-1)!.place}`;
    if (round > 9) continue;
    // The last that came, one of before, one that is to come, and new ones: small segments, which are merged.
    const ids = [lines.at(-1)!.record.id, lines[0]!.record.id, count - round, 10_000 + round];
    for (const id of ids) replaced.add(id);
    await load(ids, round);
  }
  const times = new Map<number, number>();
  for (const { id } of came) times.set(id, (times.get(id) ?? 0) + 1);
  for (let id = 0; id < count; id++) {
    if (!replaced.has(id)) expect(times.get(id), `${id}`).toBe(1);
  }
  // What was replaced or added came in the form that it has now, last.
  for (const id of replaced) {
    const now = await server.call("/api/query", {
      method: "POST",
      body: JSON.stringify({ filter: { entity: "Doc", where: { id } } }),
    });
    expect(came.findLast((record) => record.id === id)).toEqual(JSON.parse(await now.text()));
  }
});

test("places are refused where there are none", async () => {
  const server = await startServer(folder, ["refused", "--memory", "192MiB"]);
  for (const query of ["places=maybe", "places=true&format=csv", "after=x", "after=1&cursor=1", "after=-1"]) {
    expect((await server.call(`/api/export?${query}`)).status, query).toBe(400);
  }
});
