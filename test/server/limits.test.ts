import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { importInto, makeFolder } from "../support/cli.js";
import { jsonl } from "../support/imports.js";
import {
  openUpload,
  type RawConnection,
  rawConnection,
  type ServerProcess,
  startLimited,
  statusOf,
  stopServers,
  until,
} from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

const docs = jsonl(Array.from({ length: 20_000 }, (_, at) => ({ id: at + 1, text: "t".repeat(400) })));

interface Job {
  id: string;
  state: string;
  error: { code: string; message: string } | null;
}

async function jobs(server: ServerProcess): Promise<Job[]> {
  return (await server.json<{ imports: Job[] }>("/api/imports")).imports;
}

function head(server: ServerProcess, lines: string[]): string {
  const { host } = new URL(server.url);
  return `${[lines[0], `Host: ${host}`, ...lines.slice(1)].join("\r\n")}\r\n\r\n`;
}

describe("who takes all the time there is", () => {
  test("to send a head hears that it was too slow", async () => {
    const server = await startLimited(folder, "slow-head", { headersMsMax: 500 });
    const slow = rawConnection(server, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
    const drip = setInterval(() => slow.socket.write("X-More: 1\r\n"), 100);
    expect(statusOf(await slow.closed)).toBe(408);
    clearInterval(drip);
  });

  test("to send a question is cut, and to send an upload stops it at a checkpoint", async () => {
    const server = await startLimited(folder, "slow-body", { bodyIdleMsMax: 700, lingerMsMax: 100 });
    const upload = openUpload(`${server.url}/api/import?entity=Doc&key=id&name=docs.jsonl`);
    await upload.write(docs.slice(0, 1_000_000));
    const { text, isWhole } = await upload.answer;
    expect(isWhole).toBe(false);
    expect(text).toContain("UPLOAD_BROKEN_OFF");
    expect(text).toContain("nothing came for 0.7 seconds");
    expect((await jobs(server))[0]).toMatchObject({ state: "interrupted" });
    const form = "--x\r\nContent-Disposition: form-data; name=file; filename=a.jsonl\r\n";
    const lines = ["POST /api/import HTTP/1.1", "Content-Type: multipart/form-data; boundary=x"];
    const stalled = rawConnection(server, head(server, [...lines, "Content-Length: 9999"]) + form);
    expect(statusOf(await stalled.closed)).toBe(400);
  });

  test("to read an export, or any other answer, is cut; the others go on", async () => {
    // More than the buffers of two sockets take.
    const many = docs.replaceAll("t".repeat(400), "t".repeat(2000));
    writeFileSync(folder.file("docs.jsonl"), many);
    const words = ["--entity", "Doc", "--key", "id", "--into", "slow-reader"];
    expect((await importInto(folder, ["docs.jsonl", ...words])).code).toBe(0);
    // There is room for one: the next is let in when the one that does not read is gone.
    const server = await startLimited(folder, "slow-reader", { answerIdleMsMax: 500, connectionsMax: 1 });
    const slow = rawConnection(server, head(server, ["GET /api/export HTTP/1.1"]));
    await slow.says(/^HTTP\/1\.1 200 OK/);
    slow.socket.pause();
    await until(async () => {
      const next = rawConnection(server, head(server, ["GET /healthz HTTP/1.1", "Connection: close"]));
      return statusOf(await next.closed) === 200;
    });
    slow.socket.resume();
    expect((await slow.closed).length).toBeLessThan(many.length);
  });
});

test("one connection more than may be is closed at once, and those that are there go on", async () => {
  const server = await startLimited(folder, "full", { connectionsMax: 4, keepAliveMs: 60_000 });
  const held: RawConnection[] = [];
  for (let at = 0; at < 4; at++) {
    held.push(rawConnection(server, head(server, ["GET /healthz HTTP/1.1"])));
    await held[at]!.says(/"ok"/);
  }
  expect(await rawConnection(server, head(server, ["GET /healthz HTTP/1.1"])).closed).toBe("");
  held[0]!.socket.write(head(server, ["GET /metrics HTTP/1.1"]));
  await held[0]!.says(/plimsoll_connections_refused_total 1\n/);
  held[1]!.socket.destroy();
  await until(async () => {
    const next = rawConnection(server, head(server, ["GET /healthz HTTP/1.1", "Connection: close"]));
    return statusOf(await next.closed) === 200;
  });
});

describe("requests that lie about themselves", () => {
  const upload = "POST /api/import?entity=Doc&key=id&format=jsonl HTTP/1.1";
  const line = '{"id":1}\n';
  const smuggled = "GET /api/imports HTTP/1.1\r\nHost: x\r\n\r\n";
  const cases: [string, string[], string, number][] = [
    ["two lengths", ["Content-Length: 9", "Content-Length: 10"], line, 400],
    ["two lengths in one header", ["Content-Length: 9, 9"], line, 400],
    ["a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`, 400],
    ["chunks of another kind", ["Transfer-Encoding: chunked, identity"], line, 400],
    ["a negative length", ["Content-Length: -1"], line, 400],
    ["a length that is no number", ["Content-Length: 0x9"], line, 400],
    ["a header that begins with a blank", ["Content-Length : 9"], line, 400],
    ["a line feed alone", ["X: 1\nContent-Length: 9"], line, 400],
    ["what it expects", ["Expect: a miracle", "Content-Length: 9"], line, 417],
  ];
  test("are refused, and nothing behind them is heard", async () => {
    const server = await startLimited(folder, "lies", { lingerMsMax: 100 });
    for (const [name, headers, body, status] of cases) {
      const text = head(server, [upload, ...headers, "Connection: close"]) + body;
      const answer = await rawConnection(server, text).closed;
      expect(statusOf(answer), name).toBe(status);
      expect(answer.match(/^HTTP\/1\.1 /gm), name).toHaveLength(1);
    }
    expect(await jobs(server)).toEqual([]);
  });

  test("and cost no more than themselves: chunks that are none, a body shorter than was said", async () => {
    const server = await startLimited(folder, "short", { lingerMsMax: 100 });
    const chunks = ["Transfer-Encoding: chunked"];
    const garbage = rawConnection(server, `${head(server, [upload, ...chunks])}9\r\n${line}\r\nzz\r\nmore`);
    await garbage.closed;
    const short = rawConnection(server, head(server, [upload, "Content-Length: 1000"]) + line);
    await until(async () => (await jobs(server)).length === 2);
    short.socket.end();
    await short.closed;
    const ended = await until(async () => {
      const found = await jobs(server);
      return found.every(({ state }) => state === "interrupted") && found;
    });
    expect(ended.map(({ error }) => error!.code)).toEqual(["UPLOAD_BROKEN_OFF", "UPLOAD_BROKEN_OFF"]);
    expect(await server.json("/healthz")).toEqual({ status: "ok" });
  });

  test("who is refused while it sends is heard out, and so hears why", async () => {
    const server = await startLimited(folder, "refused", { lingerMsMax: 20_000 });
    const { socket, says, closed } = rawConnection(server, "");
    const errors: Error[] = [];
    socket.on("error", (error) => errors.push(error));
    const words = ["POST /api/import?nobody=1 HTTP/1.1", "Content-Length: 4000"];
    socket.write(head(server, words) + "x".repeat(1_000));
    await says(/nobody is not known/);
    for (let sent = 1_000; sent < 4_000; sent += 1_000) {
      await delay(50);
      expect(socket.destroyed || errors.length > 0).toBe(false);
      socket.write("x".repeat(1_000));
    }
    expect(statusOf(await closed)).toBe(400);
    expect(errors).toEqual([]);
  });

  test("who asks before it sends a body is told before it sends one", async () => {
    const server = await startLimited(folder, "expect", { lingerMsMax: 100 });
    const wait = [
      "Expect: 100-continue",
      "Content-Length: 9",
      "Accept: application/json",
      "Connection: close",
    ];
    const welcome = rawConnection(server, head(server, [upload, ...wait]));
    await welcome.says(/^HTTP\/1\.1 100 Continue/);
    welcome.socket.write(line);
    expect(await welcome.closed).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK/);
    const refused = head(server, [upload, ...wait, "Origin: https://evil.example"]);
    expect(statusOf(await rawConnection(server, refused).closed)).toBe(403);
    const unknown = head(server, ["POST /api/imports/none/resume HTTP/1.1", ...wait]);
    expect(statusOf(await rawConnection(server, unknown).closed)).not.toBe(500);
    expect(await jobs(server)).toHaveLength(1);
  });
});

describe("forms", () => {
  const part = (words: string, body: string) =>
    `--x\r\nContent-Disposition: form-data; ${words}\r\n\r\n${body}\r\n`;
  async function send(server: ServerProcess, body: string): Promise<Response> {
    const headers = { "Content-Type": "multipart/form-data; boundary=x", Accept: "application/json" };
    return server.call("/api/import?entity=Doc&key=id", { method: "POST", body, headers });
  }

  test("bring one file, whatever it is called, and nothing without end", async () => {
    const server = await startLimited(folder, "forms", {});
    const large = "x".repeat(20_000);
    const refused: [string, string][] = [
      ["no file", `${part("name=other", "1")}--x--\r\n`],
      ["a field before it that is a file in itself", part("name=other; filename=a", "y".repeat(100_000))],
      [
        "a part with a huge head",
        `--x\r\nX-Long: ${large}\r\nContent-Disposition: form-data; name=f\r\n\r\n1\r\n--x--\r\n`,
      ],
    ];
    for (const [name, body] of refused) {
      const { status } = await send(server, body).catch((cause: unknown) => {
        throw new Error(name, { cause });
      });
      expect(status, name).toBe(400);
    }
    expect(await jobs(server)).toEqual([]);
    const two =
      part('name=file; filename="../../etc/passwd.jsonl"', '{"id":1}') +
      part("name=file; filename=b.jsonl", '{"id":2}');
    const response = await send(server, `${two}--x--\r\n`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ source: ["passwd.jsonl"], records: { stored: 1 } });
    const told = await until(async () => {
      const [job] = await server
        .json<{ imports: { notices: string[] }[] }>("/api/imports")
        .then((all) => all.imports);
      return job!.notices.find((text) => text.includes("b.jsonl"));
    });
    expect(told).toBe("b.jsonl was not imported: a form brings one file.");
  });

  test("and names lead nowhere", async () => {
    const server = await startLimited(folder, "names", {});
    const names = [
      "../../etc/passwd",
      "/etc/passwd",
      "..\\..\\boot.ini",
      "a\u0000b",
      "%2e%2e%2fsecret",
      "..",
      "\u202etxt.exe",
    ];
    for (const name of names) {
      const path = `/api/import?entity=Doc&key=id&format=jsonl&name=${encodeURIComponent(name)}`;
      const response = await server.call(path, {
        method: "POST",
        body: '{"id":1}\n',
        headers: { Accept: "application/json" },
      });
      expect(response.status, name).toBe(200);
    }
    const shown = (await server.json<{ imports: { name: string }[] }>("/api/imports")).imports.map(
      ({ name }) => name,
    );
    expect(shown.reverse()).toEqual([
      "passwd",
      "passwd",
      "boot.ini",
      "ab",
      "%2e%2e%2fsecret",
      "-",
      "txt.exe",
    ]);
    for (const option of [
      "source",
      "into",
      "rejects",
      "report",
      "temp-dir",
      "mapping",
      "schema",
      "memory",
      "config",
    ]) {
      const response = await server.call(`/api/import?${option}=/etc/passwd`, { method: "POST", body: "{}" });
      expect(response.status, option).toBe(400);
    }
  });
});

test("records that are a thousandth of their size in gzip are read within the line", async () => {
  const server = await startLimited(folder, "records", {});
  // One member of gzip, many times over: as a decompressor sees it, one stream.
  const record = `{"id":7,"text":"${"t".repeat(100_000)}"}\n`;
  const member = gzipSync(record.repeat(100));
  const body = Buffer.concat(Array.from({ length: 30 }, () => member));
  expect(body.length).toBeLessThan(2 ** 20);
  const path = "/api/import?entity=Doc&key=id&format=jsonl&name=bomb.jsonl.gz";
  const response = await server.call(path, { method: "POST", body, headers: { Accept: "application/json" } });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ records: { read: 3000, stored: 1, duplicates: 2999 } });
  expect(server.peakBytes()).toBeLessThanOrEqual(256 * 2 ** 20);
});
