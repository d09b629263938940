import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { afterAll, afterEach, expect, test } from "vitest";
import { nostrEvent } from "../nostr/events.js";
import { signedEvent } from "../presets/signed-events.js";
import { type ServerProcess, startServer, stopServers, until } from "../server/server-process.js";
import { makeFolder, projectFile } from "../support/cli.js";
import { RawPeer } from "./raw-peer.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

/** How many of the events are acknowledged as new. */
async function post(server: ServerProcess, events: readonly object[], preset = ""): Promise<number> {
  const body = events.map((event) => JSON.stringify(event)).join("\n");
  const headers = { "Content-Type": "application/x-ndjson" };
  const response = await server.call(`/api/records${preset}`, { method: "POST", body, headers });
  if (!response.ok) return 0;
  const { outcomes } = (await response.json()) as { outcomes: { state: string }[] };
  return outcomes.filter(({ state }) => state === "stored").length;
}

/** Events that only the import takes: their signatures are none. */
function unsigned(number: number) {
  const pubkey = (number % 5).toString(16).padStart(64, "0");
  const created_at = 1_700_000_000 + (number % 100);
  return nostrEvent({
    pubkey,
    created_at,
    kind: 1,
    tags: [["t", "all"]],
    content: `note ${number}`.repeat(40),
  });
}

test("every event that is written while subscriptions begin comes to each of them exactly once", async () => {
  const server = await startServer(folder, ["store", "--memory", "256MiB"]);
  const former = Array.from({ length: 1_500 }, (_, number) => unsigned(number));
  for (let at = 0; at < former.length; at += 750) {
    expect(await post(server, former.slice(at, at + 750), "?preset=nostr")).toBe(750);
  }
  const all = new Set(former.map(({ id }) => id));
  const signed = Array.from({ length: 60 }, (_, number) => signedEvent(number, { tags: [["t", "all"]] }));
  const posted = Array.from({ length: 150 }, (_, number) => unsigned(10_000 + number));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  const writing = (async () => {
    const peer = await RawPeer.connect(server.url);
    for (const event of signed) {
      peer.send("EVENT", event);
      await pause();
    }
    for (const { id } of signed) expect((await peer.got("OK", id))[2]).toBe(true);
    peer.close();
  })();
  const posting = (async () => {
    for (let at = 0; at < posted.length; at += 5) {
      expect(await post(server, posted.slice(at, at + 5))).toBe(5);
    }
  })();
  for (const { id } of [...signed, ...posted]) all.add(id);
  const peers: RawPeer[] = [];
  const filters = [
    [{ "#t": ["all"] }],
    [
      { "#t": ["all"], since: 1 },
      { kinds: [1], limit: 9_999 },
    ],
  ];
  for (let at = 0; at < 9; at++) {
    const peer = await RawPeer.connect(server.url);
    peers.push(peer);
    peer.send("REQ", "x", ...filters[at % 2]!);
    // Some of them read slowly, so that their stored events come in several turns.
    if (at % 3 === 0) {
      peer.webSocket.pause();
      setTimeout(() => peer.webSocket.resume(), 700);
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  await Promise.all([writing, posting]);
  for (const peer of peers) {
    await peer.got("EOSE", "x");
    await until(async () => peer.eventsOf("x").length >= all.size);
  }
  // What would be doubled would come now.
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const peer of peers) {
    const ids = peer.eventsOf("x").map(({ id }) => id);
    expect(ids.length).toBe(all.size);
    expect(new Set(ids)).toEqual(all);
  }
}, 120_000);

test("peers that never read what matches cost no memory, and no other peer its answers", async () => {
  const lineBytes = 176 * 2 ** 20;
  const file = folder.file("events.jsonl");
  // Held for each of their subscriptions, these would be 400 MiB.
  spawnSync(process.execPath, [projectFile("scripts/gen.js"), "nostr", "--count", "15000", "--out", file]);
  const server = await startServer(folder, ["many", "--memory", String(lineBytes)]);
  const body = Readable.toWeb(createReadStream(file)) as never;
  const headers = { Accept: "application/json" };
  const path = "/api/import?preset=nostr&name=events.jsonl";
  const { status } = await server.call(path, {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  expect(status).toBe(200);
  const deaf = await Promise.all(Array.from({ length: 6 }, () => RawPeer.connect(server.url)));
  for (const peer of deaf) {
    peer.webSocket.pause();
    for (let at = 0; at < 5; at++) peer.send("REQ", String(at), {});
  }
  const peer = await RawPeer.connect(server.url);
  peer.send("COUNT", "n", { kinds: [1] });
  const [, , answer] = await peer.got("COUNT", "n");
  const { count } = answer as { count: number };
  peer.send("REQ", "x", { kinds: [1] });
  await peer.got("EOSE", "x");
  expect(new Set(peer.eventsOf("x").map(({ id }) => id)).size).toBe(count);
  expect(peer.eventsOf("x")).toHaveLength(count);
  const event = signedEvent(1);
  peer.send("EVENT", event);
  expect((await peer.got("OK", event.id))[2]).toBe(true);
  expect(peer.eventsOf("x").at(-1)).toEqual(event);
  expect(server.peakBytes()).toBeLessThanOrEqual(lineBytes);
  for (const one of deaf) one.close();
}, 240_000);
