import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import {
  relayBehindBytes,
  relayBurstBytesMax,
  relayHeldBytesMax,
  relayTurnsMax,
  relayUnreadBytesMax,
  relayUnsentMessageBytes,
} from "../../src/kernel/index.js";
import { compileFilter } from "../../src/relay/filter.js";
import { GarbagePace } from "../../src/relay/garbage-pace.js";
import { LiveFeed } from "../../src/relay/live-feed.js";
import { Backlog, Peer } from "../../src/relay/peer.js";
import { RelayCounts } from "../../src/relay/relay-counts.js";
import { Subscription } from "../../src/relay/subscription.js";
import { Turns } from "../../src/relay/turns.js";
import { nostrEvent, testPubkeys } from "../nostr/events.js";

const aMoment = () => new Promise((resolve) => setImmediate(resolve));

describe("a peer at a real socket", () => {
  let http: Server;
  let client: WebSocket;
  let webSocket: WebSocket;
  let peer: Peer;
  let backlog: Backlog;
  let crowdedCount = 0;
  beforeEach(async () => {
    http = createServer();
    crowdedCount = 0;
    backlog = new Backlog(() => crowdedCount++);
    const webSockets = new WebSocketServer({ noServer: true });
    const accepted = new Promise<void>((resolve) => {
      http.on("upgrade", (request, socket, head) => {
        webSockets.handleUpgrade(request, socket, head, (made) => {
          webSocket = made;
          peer = new Peer(made, socket, backlog);
          resolve();
        });
      });
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    client.on("error", () => {});
    await accepted;
  });
  afterEach(() => {
    client.terminate();
    webSocket.terminate();
    http.close();
  });

  async function fill(bytes: number): Promise<void> {
    while (!peer.isBehind) {
      peer.send("x".repeat(bytes));
      await aMoment();
    }
  }

  test("that neither speaks nor reads is told from one that does", async () => {
    expect(peer.showsLife()).toBe(true);
    const pong = new Promise((resolve) => webSocket.once("pong", resolve));
    webSocket.ping();
    await pong;
    expect(peer.showsLife()).toBe(true);
    client.pause();
    await fill(100_000);
    await peer.drained(200);
    peer.showsLife();
    expect(peer.showsLife()).toBe(false);
    client.resume();
    await peer.drained();
    expect(peer.showsLife()).toBe(true);
  });

  test("is behind by few large messages or many small ones, and told to have room when it has read", async () => {
    let roomCount = 0;
    peer.onRoom(() => roomCount++);
    let sentCount = 0;
    for (; !peer.isBehind; sentCount++) peer.send("x");
    expect(sentCount).toBeLessThanOrEqual(relayBehindBytes / relayUnsentMessageBytes + 1);
    expect(roomCount).toBe(0);
    await peer.drained();
    expect([peer.isBehind, roomCount > 0]).toEqual([false, true]);
  });

  test("counts towards what waits for all of them, with each message and until it is cut", async () => {
    client.pause();
    peer.send("x".repeat(relayHeldBytesMax - 100_000));
    expect([backlog.bytes, crowdedCount]).toEqual([peer.unreadBytes, 0]);
    backlog.add(100_000);
    expect(crowdedCount).toBe(1);
    backlog.add(-100_000);
    peer.cut();
    expect(backlog.bytes).toBe(0);
    await peer.drained();
    await aMoment();
    expect(backlog.bytes).toBe(0);
  });

  test("is sent one message of any size, and cut when it left too much unread before", async () => {
    const received: number[] = [];
    client.on("message", (data: Buffer) => received.push(data.length));
    peer.send("x".repeat(3 * relayUnreadBytesMax));
    await peer.drained();
    while (received.length === 0) await aMoment();
    expect(received).toEqual([3 * relayUnreadBytesMax]);
    client.pause();
    await fill(100_000);
    while (peer.unreadBytes <= relayUnreadBytesMax) {
      expect(peer.isOpen).toBe(true);
      peer.send("x".repeat(100_000));
    }
    expect(peer.isOpen).toBe(true);
    peer.send("x");
    expect(peer.isOpen).toBe(false);
    await peer.drained();
  });
});

test("turns go by arrival, and whoever is aborted leaves the queue at once", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const ends: (() => void)[] = [];
  const hold = new AbortController();
  const held = Array.from({ length: relayTurnsMax }, () =>
    turns.take(hold.signal, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  const leaving = new AbortController();
  const left = turns.take(leaving.signal, async () => void done.push("left"));
  const waiting = ["first", "second"].map((name) =>
    turns.take(hold.signal, async () => void done.push(name)),
  );
  leaving.abort();
  await expect(left).rejects.toThrow();
  expect(turns.isWanted).toBe(true);
  ends[0]!();
  await Promise.all(waiting);
  expect([done, turns.isWanted]).toEqual([["first", "second"], false]);
  for (const end of ends) end();
  await Promise.all(held);
  await expect(turns.take(leaving.signal, async () => {})).rejects.toThrow();
  expect(await turns.take(hold.signal, async () => "free")).toBe("free");
});

test("an event that thousands asked for is sent in bursts, with a turn for sockets behind each", async () => {
  const feed = new LiveFeed(() => []);
  let [burstBytes, burstBytesMost, sentCount] = [0, 0, 0];
  const send = (message: string | Buffer) => {
    if (burstBytes === 0) setImmediate(() => (burstBytes = 0));
    burstBytes += message.length;
    burstBytesMost = Math.max(burstBytesMost, burstBytes);
    sentCount++;
  };
  const event = nostrEvent({
    pubkey: testPubkeys[0]!,
    created_at: 1_700_000_000,
    kind: 20_000,
    tags: [],
    content: "x".repeat(50_000),
  });
  const subscriptions = Array.from({ length: 200 }, (_, number) => {
    const subscription = new Subscription({
      id: `s${number}`,
      peer: { send },
      counts: new RelayCounts(),
      garbage: new GarbagePace(),
      compiled: [compileFilter({}, () => [])],
      bytes: 0,
      onOverflow: () => expect.unreachable(),
    });
    subscription.pending = null;
    feed.add(subscription);
    return subscription;
  });
  const bytes = Buffer.from(JSON.stringify(event));
  const passing = feed.pass({ ...event, bytes });
  // One that is closed meanwhile gets nothing more.
  subscriptions.at(-1)!.closing.abort();
  await passing;
  expect(sentCount).toBe(199);
  expect(burstBytesMost).toBeGreaterThan(relayBurstBytesMax / 2);
  expect(burstBytesMost).toBeLessThanOrEqual(relayBurstBytesMax + 2 * bytes.length);
});

test("what was written while stored events were read follows no faster than it is read, in order", async () => {
  const feed = new LiveFeed(() => []);
  const sent: string[] = [];
  const subscription = new Subscription({
    id: "x",
    peer: { send: (message) => sent.push(JSON.parse(message.toString())[2].id) },
    counts: new RelayCounts(),
    garbage: new GarbagePace(),
    compiled: [compileFilter({}, () => [])],
    bytes: 0,
    onOverflow: () => expect.unreachable(),
  });
  feed.add(subscription);
  const events = Array.from({ length: 30 }, (_, number) => {
    const [pubkey, created_at] = [testPubkeys[0]!, 1_700_000_000 + number];
    const event = nostrEvent({ pubkey, created_at, kind: 1, tags: [], content: "" });
    return { ...event, bytes: Buffer.from(JSON.stringify(event)) };
  });
  for (const event of events.slice(0, 10)) await feed.pass(event);
  let asked = 0;
  await feed.goLive(subscription, async () => {
    // Each is sent when there is room for it; what comes meanwhile goes behind.
    expect(sent.length).toBe(asked++);
    if (asked <= 10) await feed.pass(events[9 + asked]!);
    await aMoment();
  });
  expect(subscription.pending).toBeNull();
  for (const event of events.slice(20)) await feed.pass(event);
  expect(sent).toEqual(events.map(({ id }) => id));
});
