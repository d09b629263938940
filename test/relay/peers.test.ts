import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  relayConnectionsMax,
  relayFilterBytesMax,
  relayFilterEntryBytes,
  relayFiltersMax,
  relayFilterValuesMax,
  relayMessageBytesMax,
  relaySubscriptionIdLengthMax,
  relaySubscriptionsMax,
} from "../../src/kernel/index.js";
import { signedEvent } from "../presets/signed-events.js";
import { type ServerProcess, startServer, stopServers, until } from "../server/server-process.js";
import { makeFolder, plimsoll } from "../support/cli.js";
import { RawPeer } from "./raw-peer.js";

const folder = makeFolder();
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer(folder, ["store", "--memory", "192MiB"]);
});
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const hex = (number: number) => number.toString(16).padStart(64, "0");

describe("messages that are not right", () => {
  const notices: [name: string, text: string][] = [
    ["no JSON", "{"],
    ["no list", '{"EVENT":1}'],
    ["no verb", "[1]"],
    ["an empty list", "[]"],
    ["an unknown verb", '["AUTH",{}]'],
    ["EVENT without one", '["EVENT"]'],
    ["EVENT with a list", '["EVENT",[]]'],
    ["EVENT with more", '["EVENT",{},{}]'],
    ["REQ without a name", '["REQ"]'],
    ["REQ with an empty name", '["REQ","",{}]'],
    ["REQ with a long name", `["REQ","${"x".repeat(relaySubscriptionIdLengthMax + 1)}",{}]`],
    ["CLOSE with a number", '["CLOSE",1]'],
    ["deep nesting", "[".repeat(100_000)],
  ];
  test("are told in a notice, and the connection goes on", async () => {
    const peer = await RawPeer.connect(server.url);
    for (const [at, [name, text]] of notices.entries()) {
      peer.sendText(text);
      await until(async () => peer.messages.length === at + 1);
      expect(peer.messages[at], name).toEqual(["NOTICE", expect.stringMatching(/^invalid: /)]);
    }
    peer.send("REQ", "still here", {});
    await peer.got("EOSE", "still here");
    peer.close();
  });

  const filters: [filter: unknown, reason: RegExp][] = [
    [1, /^invalid: .*object/],
    [[], /^invalid: .*object/],
    [{ ids: ["ab"] }, /^invalid: .*64 hex/],
    [{ authors: "x" }, /^invalid: .*list/],
    [{ kinds: [1.5] }, /^invalid: .*whole/],
    [{ since: "1" }, /^invalid: .*whole/],
    [{ limit: -1 }, /^invalid: .*whole/],
    [{ "#t": [1] }, /^invalid: .*strings/],
    [{ search: "!?" }, /^invalid: .*word/],
    [{ "#tt": ["x"] }, /^unsupported: /],
    [{ "&t": ["x"] }, /^unsupported: /],
    [{ "#t": Array.from({ length: relayFilterValuesMax + 1 }, String) }, /^invalid: .*values/],
  ];
  test("filters that are not right close what they asked for", async () => {
    const peer = await RawPeer.connect(server.url);
    for (const verb of ["REQ", "COUNT"]) {
      for (const [at, [filter, reason]] of filters.entries()) {
        const name = `${verb} ${at}`;
        peer.send(verb, name, filter);
        expect((await peer.got("CLOSED", name))[2], JSON.stringify(filter).slice(0, 80)).toMatch(reason);
      }
      peer.send(verb, `${verb} none`);
      expect((await peer.got("CLOSED", `${verb} none`))[2]).toMatch(/^invalid: /);
      peer.send(verb, `${verb} many`, ...Array.from({ length: relayFiltersMax + 1 }, () => ({})));
      expect((await peer.got("CLOSED", `${verb} many`))[2]).toMatch(/^invalid: /);
    }
    peer.close();
  });

  test("what is too long, binary or broken ends the connection, and no other", async () => {
    const other = await RawPeer.connect(server.url);
    const long = await RawPeer.connect(server.url);
    long.sendText(`["REQ","x",{"search":"${"a ".repeat(relayMessageBytesMax / 2)}"}]`);
    expect(await long.end()).toBe(1009);
    const fragments = await RawPeer.connect(server.url);
    for (let at = 0; at < 3; at++) fragments.webSocket.send("x".repeat(60_000), { fin: false });
    expect(await fragments.end()).toBe(1009);
    const many = await RawPeer.connect(server.url);
    for (let at = 0; at < 100; at++) many.webSocket.send("x", { fin: false });
    expect(await many.end()).toBe(1008);
    const binary = await RawPeer.connect(server.url);
    binary.webSocket.send(Buffer.from('["REQ","x",{}]'));
    expect(await binary.end()).toBe(1003);
    other.send("REQ", "x", {});
    await other.got("EOSE", "x");
    other.close();
  });
});

describe("bounds", () => {
  test("of subscriptions, of which one of the same name replaces the former", async () => {
    const peer = await RawPeer.connect(server.url);
    const event = signedEvent(1);
    for (let at = 0; at < relaySubscriptionsMax; at++) {
      peer.send("REQ", String(at), { kinds: [9] });
      await peer.got("EOSE", String(at));
    }
    peer.send("REQ", "one more", {});
    expect((await peer.got("CLOSED", "one more"))[2]).toMatch(/^rate-limited: /);
    peer.send("REQ", "0", { ids: [event.id] });
    await until(
      async () => peer.messages.filter(([verb, name]) => verb === "EOSE" && name === "0").length === 2,
    );
    peer.send("CLOSE", "1");
    peer.send("REQ", "instead", { authors: [event.pubkey] });
    await peer.got("EOSE", "instead");
    peer.send("EVENT", event);
    expect((await peer.got("OK", event.id)).slice(2)).toEqual([true, ""]);
    expect([peer.eventsOf("0").length, peer.eventsOf("instead").length, peer.eventsOf("1").length]).toEqual([
      1, 1, 0,
    ]);
    const metrics = await (await server.call("/metrics")).text();
    expect(metrics).toContain(`plimsoll_relay_subscriptions ${relaySubscriptionsMax}\n`);
    expect(metrics).toContain("plimsoll_relay_connections 1\n");
    expect(metrics).toMatch(/plimsoll_relay_messages_total\{verb="EVENT"\} [1-9]/);
    peer.close();
    await until(async () =>
      (await (await server.call("/metrics")).text()).includes("plimsoll_relay_subscriptions 0\n"),
    );
  });

  test("of all filters together, which end with their connection", async () => {
    const filter = { authors: Array.from({ length: 1_900 }, (_, at) => hex(at)) };
    const peers: RawPeer[] = [];
    let taken = 0;
    for (let isFull = false; !isFull; ) {
      const peer = await RawPeer.connect(server.url);
      peers.push(peer);
      peer.send("REQ", "x", filter);
      await until(async () => peer.messages.length > 0);
      isFull = peer.messages[0]![0] === "CLOSED";
      if (!isFull) taken += JSON.stringify(["REQ", "x", filter]).length + relayFilterEntryBytes;
    }
    expect(taken).toBeLessThanOrEqual(relayFilterBytesMax);
    expect(taken).toBeGreaterThan(relayFilterBytesMax / 2);
    const counting = await RawPeer.connect(server.url);
    peers.push(counting);
    counting.send("COUNT", "x", filter);
    expect((await counting.got("CLOSED", "x"))[2]).toMatch(/^rate-limited: /);
    for (const peer of peers) peer.close();
    await until(async () => {
      const peer = await RawPeer.connect(server.url);
      peer.send("REQ", "x", filter);
      await until(async () => peer.messages.length > 0);
      peer.close();
      return peer.messages[0]![0] === "EOSE";
    });
  });

  test("of connections, beside those of HTTP", async () => {
    const peers = await Promise.all(
      Array.from({ length: relayConnectionsMax }, () => RawPeer.open(server.url)),
    );
    expect(peers.filter((peer) => typeof peer === "number")).toEqual([]);
    expect(await RawPeer.open(server.url)).toBe(503);
    expect(await server.json("/healthz")).toEqual({ status: "ok" });
    for (const peer of peers as RawPeer[]) peer.close();
    await until(async () =>
      (await (await server.call("/metrics")).text()).includes("plimsoll_relay_connections 0\n"),
    );
  });
});

describe("who may come", () => {
  const cases: [name: string, headers: Record<string, string>, status: number | null][] = [
    ["a program", {}, null],
    ["a page from elsewhere", { Origin: "https://evil.example" }, 403],
    ["a page of another port", { Origin: "http://127.0.0.1:1" }, 403],
    ["another name for it (DNS rebinding)", { Host: "evil.example" }, 403],
    ["a browser that says so", { "Sec-Fetch-Site": "cross-site" }, 403],
  ];
  test.each(cases)("without tokens: %s", async (_name, headers, status) => {
    const peer = await RawPeer.open(server.url, headers);
    expect(typeof peer === "number" ? peer : null).toBe(status);
    if (typeof peer !== "number") peer.close();
  });

  test("with tokens: each by its scope, in a header or in the address, and not any more when it is removed", async () => {
    const file = folder.file("tokens.json");
    const secretOf = async (scope: string) =>
      (await plimsoll(["token", "add", "--tokens", file, "--scope", scope])).out.trim();
    const [read, write] = [await secretOf("read"), await secretOf("write")];
    const guarded = await startServer(folder, ["guarded", "--tokens", file, "--memory", "192MiB"]);
    expect(await RawPeer.open(guarded.url)).toBe(401);
    expect(await RawPeer.open(`${guarded.url}/?access_token=plimsoll_wrong`)).toBe(401);
    expect((await guarded.call(`/api/store?access_token=${read}`)).status).toBe(401);
    const writer = await RawPeer.connect(guarded.url, { Authorization: `Bearer ${write}` });
    const reader = await RawPeer.connect(`${guarded.url}/?access_token=${read}`, {
      Origin: "https://client.example",
    });
    const event = signedEvent(2);
    reader.send("EVENT", event);
    expect((await reader.got("OK", event.id)).slice(2)).toEqual([
      false,
      expect.stringMatching(/^restricted: /),
    ]);
    writer.send("EVENT", event);
    expect((await writer.got("OK", event.id))[2]).toBe(true);
    reader.send("REQ", "x", {});
    await reader.got("EOSE", "x");
    expect(reader.eventsOf("x")).toHaveLength(1);
    expect((await plimsoll(["token", "remove", "--tokens", file, "--name", "read-1"])).code).toBe(0);
    reader.send("REQ", "y", {});
    expect((await reader.got("CLOSED", "y"))[2]).toMatch(/^restricted: /);
    const information = await guarded.call("/", { headers: { Accept: "application/nostr+json" } });
    expect(await information.json()).toMatchObject({ limitation: { restricted_writes: true } });
    await guarded.stop();
  });

  test("only to a store of events, and only at its root", async () => {
    expect(await RawPeer.open(`${server.url}/api/query`)).toBe(404);
    const cities = await startServer(folder, ["cities", "--memory", "192MiB"]);
    const path = "/api/import?entity=City&key=id&format=jsonl&name=cities.jsonl";
    const headers = { Accept: "application/json" };
    expect((await cities.call(path, { method: "POST", body: '{"id":1}\n', headers })).status).toBe(200);
    expect(await RawPeer.open(cities.url)).toBe(409);
    const information = await cities.call("/", { headers: { Accept: "application/nostr+json" } });
    expect(information.status).toBe(409);
    expect(await information.text()).toContain("STORE_NOT_NOSTR");
    await cities.stop();
  });
});

test("a server that ends says so, whether or not its peers listen", async () => {
  const ending = await startServer(folder, ["ending", "--memory", "192MiB"]);
  const [listening, deaf] = [await RawPeer.connect(ending.url), await RawPeer.connect(ending.url)];
  deaf.webSocket.pause();
  const event = signedEvent(3);
  listening.send("EVENT", event);
  await listening.got("OK", event.id);
  // One of them goes on writing, whatever it is told.
  const flood = setInterval(() => {
    for (let at = 0; at < 20; at++) listening.send("EVENT", event);
  }, 1);
  await until(async () => listening.messages.length > 100);
  const startedAt = performance.now();
  await ending.stop();
  clearInterval(flood);
  expect(await listening.end()).toBe(1001);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  deaf.close();
});

test("a message that does not come to its end holds nobody up", async () => {
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const head = ["GET / HTTP/1.1", `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket"];
  head.push("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "");
  socket.write(head.join("\r\n"));
  await new Promise((resolve) => socket.once("data", resolve));
  // The head of a masked frame of 100,000 bytes, and ten of them.
  socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 1, 2, 3, 4, ...new Uint8Array(10)]));
  const other = await RawPeer.connect(server.url);
  other.send("COUNT", "x", {});
  expect((await other.got("COUNT", "x"))[2]).toEqual({ count: expect.any(Number) });
  other.close();
  socket.destroy();
});
