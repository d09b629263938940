import { afterAll, describe, expect, test } from "vitest";
import { type ServerProcess, startServer, stopServers } from "../server/server-process.js";
import { makeFolder } from "../support/cli.js";
import { seenHere } from "../support/imports.js";
import { SmallDisk } from "../support/small-disk.js";

const folder = makeFolder();
const disk = new SmallDisk(folder.file("disk"));
const reason = disk.missing();
afterAll(() => folder.remove());

const words = "entity=Doc";
const text = "full ".repeat(400);

/** Writes one record; the status and the code of the answer. */
async function write(server: ServerProcess, id: number): Promise<{ status: number; code: string | null }> {
  const response = await server.call(`/api/records?${words}`, {
    method: "POST",
    body: JSON.stringify({ id, text }),
  });
  const answer = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: answer.error?.code ?? null };
}

describe.skipIf(reason !== null)(
  reason === null ? "live writes and a full disk" : `live writes (${reason})`,
  () => {
    test("are refused with a code, lose nothing, and go on when there is room", async () => {
      disk.mount("6m");
      try {
        const server = await startServer(folder, ["disk/store", "--memory", "256MiB"]);
        const first = await server.call("/api/import?entity=Doc&key=id&name=a.jsonl", {
          method: "POST",
          body: '{"id":0,"text":"imported"}\n',
        });
        expect(first.status).toBe(200);
        const acknowledged = [0];
        let refused: Awaited<ReturnType<typeof write>> | null = null;
        for (let id = 1; refused === null && id < 6000; id++) {
          const answer = await write(server, id);
          if (answer.status === 200) acknowledged.push(id);
          else refused = answer;
        }
        expect(refused).toEqual({ status: 507, code: "STORE_FULL" });
        expect(acknowledged.length).toBeGreaterThan(100);
        disk.enlarge();
        expect(await write(server, 9_000)).toEqual({ status: 200, code: null });
        await server.stop();
        const { lines, verified } = await seenHere(folder.file("disk/store"));
        const ids = lines.map((line) => (JSON.parse(line) as { id: number }).id);
        expect(ids.sort((left, right) => left - right)).toEqual([...acknowledged, 9_000]);
        expect(verified.faults).toBe(0);
      } finally {
        await stopServers();
        disk.unmount();
      }
    }, 60_000);
  },
);
