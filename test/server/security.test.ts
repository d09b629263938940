import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makeFolder, plimsoll } from "../support/cli.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

async function token(file: string, scope: string): Promise<string> {
  const { code, out, error } = await plimsoll(["token", "add", "--tokens", file, "--scope", scope]);
  expect(code, error).toBe(0);
  return out.trim();
}

/** Sends bytes as they are, and takes whatever comes until the server closes. */
function raw(server: ServerProcess, text: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
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
  expect((await server.call("/healthz", { method: "DELETE" })).status).toBe(404);
  expect((await server.call("/healthz", { method: "DELETE" })).headers.get("allow")).toBe("GET");
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

test("headers that do not come are not waited for", async () => {
  const server = await startServer(folder, ["slow", "--memory", "192MiB"]);
  const startedAt = performance.now();
  const answer = await raw(server, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
}, 60_000);
