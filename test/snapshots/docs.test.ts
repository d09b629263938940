import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, stopServers } from "../server/server-process.js";
import { makeFolder, projectFile } from "../support/cli.js";

const folder = makeFolder();
const page = readFileSync(projectFile("docs/snapshots.md"), "utf8");
const run = promisify(execFile);

/** Blocks of code under a heading. */
function blocksOf(heading: string, language: string): string[] {
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const blocks = section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, text]) => text!);
}

async function shell(script: string): Promise<string> {
  return (await run("bash", ["-euc", script], { cwd: folder.path })).stdout;
}

beforeAll(() => {
  symlinkSync(projectFile("bin"), folder.file("bin"));
  mkdirSync(folder.file("node_modules"));
  symlinkSync(projectFile("."), folder.file("node_modules/plimsoll"));
});
afterAll(async () => {
  await stopServers();
  folder.remove();
});

test("what the page says about stores and replicas works as it stands there", async () => {
  const [first] = blocksOf("A store and its replica", "sh");
  const exported = await shell(first!.replace("npm ci\n", ""));
  expect(exported.trim().split("\n").slice(-2)).toEqual(['{"id":1,"name":"ada"}', '{"id":2,"name":"bob"}']);

  const [serve, use] = blocksOf("A server over a replica", "sh");
  const words = serve!.trim().split(" ");
  expect(words.slice(0, 3)).toEqual(["node", "bin/plimsoll.js", "serve"]);
  const server = await startServer(
    folder,
    words.slice(3).map((word) => (word === "8080" ? "0" : word)),
  );
  await expect.poll(async () => (await server.call("/api/snapshots")).text()).toContain('"records":2');
  const told = await shell(use!.replaceAll("localhost:8080", server.url));
  expect(told).toContain('{"id":2,"name":"bob"}');
  expect(told).toContain('"replica":{"storage":"file:snapshots"');
  const query = use!.split("\n")[0]!.replace("localhost:8080", server.url);
  await expect.poll(() => shell(query)).toContain('{"id":3,"name":"eve"}');
  await server.stop();

  const [example] = blocksOf("In programs", "js");
  folder.write("example.mjs", example!);
  const { stdout } = await run(process.execPath, ["example.mjs"], { cwd: folder.path });
  const names = ["ada", "bob", "eve"].map((name, at) => `{"id":${at + 1},"name":"${name}"}`);
  expect(stdout.trim().split("\n")).toEqual(["true 3", ...names]);
}, 120_000);

test("the thresholds of the page are those that there are", async () => {
  const { defaultSyncConfig } = await import("../../src/preparation/sync-config.js");
  const { health } = defaultSyncConfig();
  const [yaml] = blocksOf("Health, metrics and the page", "yaml");
  for (const [name, { warn_duration, error_duration }] of Object.entries(health)) {
    const line = new RegExp(
      `${name}: {warn_duration: ${warn_duration / 60_000}m, error_duration: ${error_duration / 60_000}m`,
    );
    expect(yaml).toMatch(line);
  }
});
