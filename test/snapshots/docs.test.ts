import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, stopServers } from "../server/server-process.js";
import { asApplication } from "../support/application-lmdb.js";
import { makeFolder, projectFile } from "../support/cli.js";
import { S3Server, s3Keys } from "../support/s3-server.js";

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

test("a program syncs as the page says, by names and by a file", async () => {
  await using server = await S3Server.start();
  for (const name of ["app", "other"]) {
    await asApplication(folder.file(name), 2, (table) => {
      table("records").putSync(Buffer.from(name), Buffer.from("1"));
    });
  }
  const [example] = blocksOf("A sync in programs", "js");
  const here = { "/srv/app": folder.file("app"), "http://localhost:9000": server.endpoint };
  const told = Object.entries(here).reduce((text, [from, to]) => text.replace(from, to), example!);
  folder.write("sync.mjs", told);
  const keys = { AWS_ACCESS_KEY_ID: s3Keys.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey };
  const environment = { ...process.env, ...keys };
  const looping = spawn(process.execPath, ["sync.mjs"], { cwd: folder.path, env: environment });
  const output: string[] = [];
  for (const stream of [looping.stdout, looping.stderr])
    stream.on("data", (text) => output.push(String(text)));
  const ended = once(looping, "close");
  await expect.poll(() => output.join(""), { timeout: 30_000 }).toContain("app sent");

  folder.write(
    "sync.yaml",
    `instance: ns2
lmdbs: {app: {path: ${folder.file("other")}}}
storage: {type: s3, options: {bucket: bucket, global_prefix: dns/, endpoint_url: "${server.endpoint}"}}
`,
  );
  folder.write(
    "once.mjs",
    `import { syncDatabases } from "plimsoll";
     const onEvent = (database, { kind, changed }) => console.log(database, kind, changed ?? "");
     await syncDatabases({ config: "sync.yaml" }, { isOnce: true, onEvent });`,
  );
  const { stdout } = await run(process.execPath, ["once.mjs"], { cwd: folder.path, env: environment });
  expect(stdout).toContain("app merged 1\n");
  expect(stdout).toContain("app sent");
  await expect.poll(() => output.join(""), { timeout: 30_000 }).toContain("app merged");
  looping.kill("SIGTERM");
  expect((await ended)[0]).toBe(1);
  expect(output.join("")).toContain("Error: stopped");
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
