import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makeFolder, plimsoll } from "../support/cli.js";
import { openUpload, rawConnection, type ServerProcess, startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

async function token(file: string, scope: string): Promise<string> {
  const { code, out, error } = await plimsoll(["token", "add", "--tokens", file, "--scope", scope]);
  expect(code, error).toBe(0);
  return out.trim();
}

function raw(server: ServerProcess, text: string): Promise<string> {
  return rawConnection(server, text).closed;
}

describe("tokens", () => {
  test("each scope may do what it says, and nothing more", async () => {
    const file = folder.file("tokens.json");
    const [read, write, admin] = [
      await token(file, "read"),
      await token(file, "write"),
      await token(file, "admin"),
    ];
    const server = await startServer(folder, ["guarded", "--tokens", file, "--memory", "192MiB"]);
    const asks: [string, string, "none" | "read" | "write"][] = [
      ["GET", "/healthz", "none"],
      ["GET", "/openapi.json", "none"],
      ["GET", "/", "none"],
      ["GET", "/api/store", "read"],
      ["GET", "/api/imports", "read"],
      ["GET", "/api/imports/x", "read"],
      ["GET", "/api/imports/x/events", "read"],
      ["GET", "/metrics", "read"],
      ["GET", "/api/export", "read"],
      ["POST", "/api/query", "read"],
      ["POST", "/api/import", "write"],
      ["POST", "/api/imports/x/cancel", "write"],
      ["POST", "/api/imports/x/resume", "write"],
    ];
    const holders: [string | null, string[]][] = [
      [null, ["none"]],
      ["plimsoll_wrong", ["none"]],
      [read, ["none", "read"]],
      [write, ["none", "read", "write"]],
      [admin, ["none", "read", "write"]],
    ];
    for (const [method, path, scope] of asks) {
      for (const [held, scopes] of holders) {
        const headers: Record<string, string> = held === null ? {} : { Authorization: `Bearer ${held}` };
        const { status } = await server.call(path, { method, headers });
        const isRefused = status === 401 || status === 403;
        expect(isRefused, `${method} ${path} with ${held}: ${status}`).toBe(!scopes.includes(scope));
      }
    }
    const text = readFileSync(file, "utf8");
    for (const secret of [read, write, admin]) expect(text).not.toContain(secret);
    expect((statSync(file).mode & 0o077).toString(8)).toBe("0");
  }, 60_000);

  test("a token that is removed ends at once; the list shows what there is", async () => {
    const file = folder.file("ending.json");
    const secret = await token(file, "read");
    const named = ["--tokens", file, "--scope", "write", "--name", "loader"];
    expect((await plimsoll(["token", "add", ...named])).code).toBe(0);
    expect((await plimsoll(["token", "add", ...named])).error).toContain("there is a token loader already");
    const { out } = await plimsoll(["token", "list", "--tokens", file]);
    expect(out.split("\n").map((line) => line.split("\t").slice(0, 2))).toEqual([
      ["read-1", "read"],
      ["loader", "write"],
      [""],
    ]);
    const server = await startServer(folder, ["ending", "--tokens", file, "--memory", "192MiB"]);
    const headers = { Authorization: `Bearer ${secret}` };
    expect((await server.call("/api/imports", { headers })).status).toBe(200);
    const remove = ["token", "remove", "--tokens", file, "--name", "read-1"];
    expect((await plimsoll(remove)).code).toBe(0);
    expect((await server.call("/api/imports", { headers })).status).toBe(401);
    expect((await plimsoll(remove)).error).toContain("TOKEN_UNKNOWN");
  }, 60_000);

  test("without them the server stays on this machine", async () => {
    const ended = await plimsoll(["serve", folder.file("open"), "--host", "0.0.0.0", "--port", "0"]);
    expect(ended.code).toBe(1);
    expect(ended.error).toContain("SERVER_UNSAFE");
    writeFileSync(folder.file("bad.json"), "{}");
    const bad = await plimsoll(["serve", "x", "--tokens", folder.file("bad.json"), "--port", "0"]);
    expect(bad.error).toContain("TOKENS_INVALID");
  }, 60_000);
});

describe("a server without tokens answers to this machine alone", () => {
  const cases: [string, string, string[], number][] = [
    ["its own address", "GET", [], 200],
    ["localhost", "GET", ["Host: localhost:1"], 200],
    ["another name for it (DNS rebinding)", "GET", ["Host: evil.example"], 403],
    ["its own page", "POST", ["Origin: http://127.0.0.1"], 409],
    ["a page from elsewhere", "POST", ["Origin: https://evil.example"], 403],
    ["a page of no origin", "POST", ["Origin: null"], 403],
    [
      "a body of plain text from elsewhere, which asks nobody first",
      "POST",
      ["Content-Type: text/plain", "Origin: http://localhost:1"],
      403,
    ],
    ["an image on a page from elsewhere", "GET", ["Sec-Fetch-Site: cross-site"], 403],
    ["a name that only begins like its own", "GET", ["Host: 127.0.0.1.evil.example"], 403],
    ["a form on a page from elsewhere", "POST", ["Sec-Fetch-Site: cross-site"], 403],
    ["no name at all", "GET", ["Host:"], 403],
  ];
  test.each(cases)("%s", async (_name, method, headers, status) => {
    const server = await startServer(folder, ["loopback", "--memory", "192MiB"]);
    const { host } = new URL(server.url);
    const lines = headers.map((line) =>
      line.replace(/^(Origin: http:\/\/127\.0\.0\.1)$/, `$1:${host.split(":")[1]}`),
    );
    const own = lines.some((line) => line.startsWith("Host:")) ? [] : [`Host: ${host}`];
    const path = method === "GET" ? "/api/imports" : "/api/imports/x/cancel";
    const head = [`${method} ${path} HTTP/1.1`, ...own, ...lines, "Content-Length: 0", "Connection: close"];
    const answer = await raw(server, `${head.join("\r\n")}\r\n\r\n`);
    const got = Number(answer.split(" ")[1]);
    // Past the check there is no such import.
    expect(got).toBe(status === 409 ? 404 : status);
  });
});

test("requests that are not right are refused, and the server lives on", async () => {
  const server = await startServer(folder, ["malformed", "--memory", "192MiB"]);
  const { host } = new URL(server.url);
  const head = (path: string, more = "") =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;
  const statusOf = async (text: string) => Number((await raw(server, text)).split(" ")[1]);
  expect(await statusOf("nonsense\r\n\r\n")).toBe(400);
  expect(await statusOf(head("/healthz", `X-Long: ${"x".repeat(20_000)}\r\n`))).toBe(431);
  expect(await statusOf(head(`/${"x".repeat(20_000)}`))).toBe(431);
  expect(await statusOf(head("//evil.example/"))).toBe(400);
  expect(await statusOf("GET /healthz HTTP/1.1\r\n\r\n")).toBe(400);
  expect(await statusOf(head("/healthz?%zz=1"))).toBe(400);
  const deletion = await server.call("/healthz", { method: "DELETE" });
  expect(deletion.status).toBe(405);
  expect(deletion.headers.get("allow")).toBe("GET, HEAD");
  expect(await deletion.json()).toMatchObject({ error: { code: "METHOD_UNKNOWN" } });
  const head200 = await server.call("/healthz", { method: "HEAD" });
  expect([head200.status, head200.headers.get("content-length"), await head200.text()]).toEqual([
    200,
    "16",
    "",
  ]);
  for (const path of ["/", "/metrics", "/openapi.json", "/page/main.js"])
    expect((await server.call(path, { method: "HEAD" })).status, path).toBe(200);
  for (const path of ["/api/export", "/api/events", "/api/query"])
    expect((await server.call(path, { method: "HEAD" })).status, path).toBe(405);
  for (const body of [
    "--x\r\n\r\n",
    "--x\r\nContent-Disposition: form-data; name=other\r\n\r\n1\r\n--x--\r\n",
    "",
  ]) {
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const response = await server.call("/api/import", { method: "POST", body, headers });
    expect(response.status, body).toBe(400);
  }
  const noBoundary = { "Content-Type": "multipart/form-data" };
  const { status } = await server.call("/api/import", { method: "POST", body: "x", headers: noBoundary });
  expect(status).toBe(400);
  expect(await server.json("/healthz")).toEqual({ status: "ok" });
}, 60_000);

test("no path leads out of the page, and every answer has its headers", async () => {
  mkdirSync(folder.file("paths"), { recursive: true });
  const server = await startServer(folder, ["paths/store", "--memory", "192MiB"]);
  const { host } = new URL(server.url);
  for (const path of [
    "/page/../../package.json",
    "/page/..%2f..%2fpackage.json",
    "/page/%2e%2e/%2e%2e/package.json",
    "/page//etc/passwd",
    "/page/....//package.json",
    "/page/index.html%00.js",
  ]) {
    const answer = await raw(server, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer, path).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).not.toContain("devDependencies");
  }
  for (const path of ["/healthz", "/api/nothing", "/api/store"]) {
    const { headers } = await server.call(path);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("server")).toBeNull();
    expect(headers.get("x-powered-by")).toBeNull();
  }
}, 60_000);

test("a token that is removed ends what goes on by it", async () => {
  const file = folder.file("streaming.json");
  const secret = await token(file, "write");
  const server = await startServer(folder, ["streaming", "--tokens", file, "--memory", "192MiB"]);
  const headers = { Authorization: `Bearer ${secret}` };
  const events = await server.call("/api/events", { headers });
  const upload = openUpload(`${server.url}/api/import?entity=Doc&key=id&name=a.jsonl`, headers);
  await upload.write('{"id":1}\n');
  expect((await plimsoll(["token", "remove", "--tokens", file, "--name", "write-1"])).code).toBe(0);
  await expect(events.text()).rejects.toThrow();
  expect((await upload.answer).isWhole).toBe(false);
});

test("tokens are kept so that only their owner can read them, and damage to them lets nobody in", async () => {
  const file = folder.file("own.json");
  writeFileSync(`${file}.new`, "of a crash", { mode: 0o666 });
  const secret = await token(file, "read");
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  const server = await startServer(folder, ["own", "--tokens", file, "--memory", "192MiB"]);
  const headers = { Authorization: `Bearer ${secret}` };
  expect((await server.call("/api/imports", { headers })).status).toBe(200);
  writeFileSync(file, "{}");
  const refused = await server.call("/api/imports", { headers });
  expect(refused.status).toBe(500);
  const text = await refused.text();
  expect(text).toContain("TOKENS_INVALID");
  expect(text).not.toContain(folder.path);
  await server.running.told(file);
});

test("no answer says where the store lies", async () => {
  const store = folder.file("where/ever/store");
  const server = await startServer(folder, [
    store,
    "--memory",
    "192MiB",
    "--temp-dir",
    folder.file("scratch"),
  ]);
  const body = '{"id":1}\nnot json\n';
  const bodies = [body, `${body}{"id":2}`, "\u0000"];
  for (const one of bodies) {
    for (const options of ["entity=Doc&key=id", "entity=Doc&key=id&on-error=abort", "entity=Other&key=no"]) {
      const init = { method: "POST", body: one, headers: { Accept: "application/json" } };
      const answer = await (await server.call(`/api/import?${options}`, init)).text();
      expect(answer).not.toContain(folder.path);
    }
  }
  const { imports } = await server.json<{ imports: { id: string }[] }>("/api/imports");
  const paths = ["/api/imports", "/api/store", "/api/export", "/metrics", "/openapi.json"];
  for (const path of [...paths, ...imports.map(({ id }) => `/api/imports/${id}`)]) {
    expect(await (await server.call(path)).text(), path).not.toContain(folder.path);
  }
});
