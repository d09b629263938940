import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { optionsOf, rowKey } from "../../src/settings/index.js";
import { liveDir, lockLiveFolder } from "../../src/targets/lmdb/index.js";
import { makeFolder, plimsoll } from "../support/cli.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

interface Operation {
  parameters: { name: string; in: string; schema: { type: string; enum?: string[] } }[];
  responses: Record<string, unknown>;
  security: unknown[];
}

type Paths = Record<string, Record<string, Operation>>;

const folder = makeFolder();
let open: ServerProcess;
let guarded: ServerProcess;
let paths: Paths;

beforeAll(async () => {
  const tokens = folder.file("tokens.json");
  await plimsoll(["token", "add", "--tokens", tokens, "--scope", "read"]);
  open = await startServer(folder, ["open", "--memory", "192MiB"]);
  guarded = await startServer(folder, ["guarded", "--memory", "192MiB", "--tokens", tokens]);
  paths = (await open.json<{ paths: Paths }>("/openapi.json")).paths;
}, 60_000);
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const operations = () =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

/** A path with something in place of its {names}. */
const filled = (path: string) => path.replace("{file}", "none.js").replace("{id}", "none");

async function codeOf(response: Response): Promise<string | null> {
  if (response.status < 400) return null;
  return ((await response.json()) as { error: { code: string } }).error.code;
}

test("what is described is there, and nothing else", async () => {
  for (const path of Object.keys(paths)) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      const isDescribed = paths[path]![method.toLowerCase()] !== undefined;
      if (isDescribed && path.endsWith("/events")) continue;
      const response = await open.call(filled(path), { method });
      const isMissing =
        response.status === 405 &&
        (await codeOf(response)) === "METHOD_UNKNOWN" &&
        response.headers.get("allow") !== null;
      expect(isMissing, `${method} ${path}`).toBe(!isDescribed);
    }
  }
  for (const path of [
    "/api",
    "/api/",
    "/api/importss",
    "/metrics/",
    "/openapi",
    "/page",
    "/api/imports/a/b",
  ]) {
    expect((await open.call(path)).status, path).toBe(404);
  }
});

test("the parameters that are described are taken, and no others", async () => {
  for (const { path, method, operation } of operations()) {
    const told = async (name: string) => {
      const address = `${filled(path)}?${name}=1`;
      const controller = new AbortController();
      const response = await open.call(address, { method, signal: controller.signal });
      const isJson = response.headers.get("content-type") === "application/json";
      const text = isJson ? await response.text() : "";
      controller.abort();
      return text;
    };
    for (const { name } of operation.parameters.filter((parameter) => parameter.in === "query")) {
      expect(await told(name), `${method} ${path} ${name}`).not.toContain("is not known");
    }
    expect(await told("nobody"), `${method} ${path}`).toContain("the parameter nobody is not known");
  }
});

test("an import takes the options of the command line, but for those that are the server's", () => {
  const names = paths["/api/import"]!.post!.parameters.map(({ name }) => name);
  const own = optionsOf("import")
    .map(rowKey)
    .filter((name) => !names.includes(name));
  expect(own).toEqual([
    "into",
    "plan",
    "only",
    "from",
    "group",
    "keep-going",
    "memory",
    "threads",
    "batch-bytes",
    "run-buffer",
    "dirty-pages",
    "mapped-pages",
    "writeback",
    "graduality",
    "max-delay",
    "sync-bytes",
    "sync-every",
    "chunk-rule",
    "temp-dir",
    "catalogue",
    "rejects",
    "live",
    "dry-run",
    "report",
    "progress",
    "explain",
    "config",
  ]);
});

describe("statuses", () => {
  const seen = new Map<string, Set<number>>();

  async function ask(
    path: string,
    method: string,
    address: string,
    init: RequestInit = {},
  ): Promise<Response> {
    const response = await open.call(address, { method, ...init });
    note(path, method, response.status);
    return response;
  }

  function note(path: string, method: string, status: number): void {
    const key = `${method} ${path}`;
    seen.set(key, (seen.get(key) ?? new Set()).add(status));
  }

  /** Fetch does not let a host be set. */
  function statusWithHost(server: ServerProcess, method: string, address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = { method, headers: { Host: "evil.example" } };
      const asked = request(`${server.url}${address}`, options, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on("error", reject).end();
    });
  }

  async function askForAll(): Promise<void> {
    await ask("/api/query", "POST", "/api/query", { body: '{"filter":{}}' });
    for (const { path, method } of operations()) {
      await ask(path, method, `${filled(path)}?nobody=1`);
      note(path, method, await statusWithHost(open, method, filled(path)));
      note(path, method, (await guarded.call(filled(path), { method })).status);
      if (!path.endsWith("/events")) await ask(path, method, filled(path));
    }
  }

  async function askImports(): Promise<string> {
    const words = "entity=Doc&key=id";
    const path = "/api/import";
    const headers = { Accept: "application/json" };
    const body = '{"id":1,"n":1}\n{"id":2,"n":2}\n';
    const whole = gzipSync(`${body}${'{"id":3}\n'.repeat(1000)}`);
    const later = { Prefer: "respond-async" };
    const address = `${path}?${words}&name=a.jsonl`;
    await ask(path, "POST", address, { body, headers: later });
    await ask(path, "POST", address, { body, headers });
    await ask(path, "POST", `${path}?${words}&name=b.jsonl`, { body: whole.subarray(0, 40), headers });
    await ask(path, "POST", `${address}&on-error=abort`, { body: `${body}bad\n`, headers });
    await ask(path, "POST", `${path}?entity=Doc&key=n&name=c.jsonl`, { body, headers });
    const { imports } = await open.json<{ imports: { id: string; state: string }[] }>("/api/imports");
    const failed = imports.filter(({ state }) => state === "failed").map(({ id }) => id);
    // The newest first: the one whose mapping is in the way, the one that was aborted, the one cut off.
    const complete = imports.find(({ state }) => state === "complete")!.id;
    const resume = "/api/imports/{id}/resume";
    const [, aborted, cut] = failed;
    await ask(resume, "POST", `/api/imports/${aborted}/resume`, { body: `${body}bad\n`, headers });
    await ask(resume, "POST", `/api/imports/${complete}/resume`, { body, headers });
    await ask(resume, "POST", `/api/imports/${aborted}/resume`, { body, headers: later });
    await ask(resume, "POST", `/api/imports/${cut}/resume`, { body: whole, headers });
    await ask("/api/imports/{id}/cancel", "POST", `/api/imports/${complete}/cancel`);
    return complete;
  }

  test("every one that comes is described, and every one that is described comes", async () => {
    await askForAll();
    const id = await askImports();
    await ask("/api/imports/{id}", "GET", `/api/imports/${id}`);
    await ask("/api/imports/{id}/events", "GET", `/api/imports/${id}/events`);
    await ask("/api/imports/{id}/events", "GET", "/api/imports/none/events");
    const record = { body: '{"id":9,"n":9}' };
    const others = lockLiveFolder(liveDir(folder.file("open")));
    await ask("/api/records", "POST", "/api/records", record);
    others[Symbol.dispose]();
    await ask("/api/records", "POST", "/api/records", record);
    const query = { body: '{"filter":{"entity":"Doc"}}' };
    await ask("/api/query", "POST", "/api/query", query);
    for (const path of ["/api/query", "/api/records"]) {
      await ask(path, "POST", path, { body: " ".repeat(2 ** 20 + 1) });
    }
    for (const method of ["GET", "POST"]) await ask("/api/export", method, "/api/export");
    const controller = new AbortController();
    await ask("/api/events", "GET", "/api/events", { signal: controller.signal });
    controller.abort();
    // The state of the machine, or of the build; and a cancel that is in time is tested with the imports.
    const elsewhere = new Set([500, 503, 507]);
    for (const { path, method, operation } of operations()) {
      const described = Object.keys(operation.responses).map(Number).sort();
      const came = [...(seen.get(`${method} ${path}`) ?? [])].sort();
      const name = `${method} ${path}`;
      expect(described, name).toEqual(expect.arrayContaining(came));
      if (path === "/" || path.startsWith("/page/") || path.endsWith("/cancel")) continue;
      expect(came, name).toEqual(described.filter((status) => !elsewhere.has(status)));
    }
  }, 120_000);
});
