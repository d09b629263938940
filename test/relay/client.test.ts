import { createHash } from "node:crypto";
import { fetchRelayInformation } from "nostr-tools/nip11";
import { SimplePool, useWebSocketImplementation as usePoolWebSocket } from "nostr-tools/pool";
import { type EventTemplate, finalizeEvent, type VerifiedEvent } from "nostr-tools/pure";
import { Relay, useWebSocketImplementation } from "nostr-tools/relay";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { type ServerProcess, startServer, stopServers, until } from "../server/server-process.js";
import { makeFolder } from "../support/cli.js";

useWebSocketImplementation(WebSocket);
usePoolWebSocket(WebSocket);

const folder = makeFolder();
let server: ServerProcess;
let url: string;
beforeAll(async () => {
  server = await startServer(folder, ["store", "--memory", "256MiB"]);
  url = server.url.replace("http", "ws");
});
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const secretOf = (name: string) => createHash("sha256").update(name).digest();
let clock = 1_700_000_000;

function note(author: string, given: Partial<EventTemplate> = {}): VerifiedEvent {
  const template = { kind: 1, created_at: ++clock, tags: [], content: `note ${clock}`, ...given };
  return finalizeEvent(template, secretOf(author));
}

type Filter = Record<string, unknown>;

/** What a subscription of the client was brought until the end of the stored events. */
function stored(relay: Relay, filters: Filter[]): Promise<string[]> {
  const ids: string[] = [];
  return new Promise((resolve) => {
    const subscription = relay.subscribe(filters as never, {
      onevent: ({ id }) => void ids.push(id),
      oneose: () => {
        resolve(ids);
        subscription.close();
      },
    });
  });
}

test("events are published, found by any filter, newest first, and counted", async () => {
  const relay = await Relay.connect(url);
  // There is no store yet: the first event makes it.
  expect(await stored(relay, [{ kinds: [1] }])).toEqual([]);
  const notes = [
    note("ann", { tags: [["t", "sea"]], content: "the line is painted on the hull" }),
    note("ann", { kind: 7, content: "+" }),
    note("bob", {
      tags: [
        ["t", "sea"],
        ["p", "x"],
      ],
      content: "a ship of another line",
    }),
  ];
  for (const event of notes) expect(await relay.publish(event)).toBe("");
  const [first, second, third] = notes.map(({ id }) => id);
  const author = notes[0]!.pubkey;
  expect(await stored(relay, [{ authors: [author] }])).toEqual([second, first]);
  expect(await stored(relay, [{ "#t": ["sea"] }])).toEqual([third, first]);
  expect(await stored(relay, [{ "#t": ["sea"], "#p": ["x"] }])).toEqual([third]);
  expect(await stored(relay, [{ ids: [first] }, { kinds: [7] }])).toEqual([second, first]);
  expect(
    await stored(relay, [
      { "#t": ["sea"], limit: 1 },
      { kinds: [1], limit: 1 },
    ]),
  ).toEqual([third]);
  expect(await stored(relay, [{ search: "line hull", authors: [author] }])).toEqual([first]);
  expect(await stored(relay, [{ until: notes[1]!.created_at, since: notes[1]!.created_at }])).toEqual([
    second,
  ]);
  expect(await relay.count([{ "#t": ["sea"] }], {})).toBe(2);
  expect(await relay.count([{ authors: [author] }, { kinds: [1] }], {})).toBe(3);
  // The same once more is no harm, and not kept twice.
  expect(await relay.publish(notes[0]!)).toMatch(/^duplicate: /);
  expect(await relay.count([{ ids: [first] } as never], {})).toBe(1);
  relay.close();
});

test("what is written after the stored events comes as it is written, by whichever way", async () => {
  const [reader, writer] = [await Relay.connect(url), await Relay.connect(url)];
  const got: string[] = [];
  await new Promise<void>((resolve) => {
    const filters = [{ "#t": ["tide"] }, { kinds: [20_001] }];
    reader.subscribe(filters, { onevent: ({ id }) => void got.push(id), oneose: () => resolve() });
  });
  const [byEvent, passing, other] = [
    note("ann", { tags: [["t", "tide"]] }),
    note("ann", { kind: 20_001 }),
    note("ann", { tags: [["t", "ebb"]] }),
  ];
  const posted = note("bob", { tags: [["t", "tide"]] });
  await writer.publish(byEvent);
  expect(await writer.publish(passing)).toBe("");
  await writer.publish(other);
  await server.json("/api/records", { method: "POST", body: JSON.stringify(posted) });
  await until(async () => got.includes(posted.id));
  expect(got).toEqual([byEvent.id, passing.id, posted.id]);
  // An ephemeral event is passed on and not kept.
  expect(await stored(writer, [{ kinds: [20_001] }])).toEqual([]);
  reader.close();
  writer.close();
});

test("events replace and delete one another as NIP-01 and NIP-09 say", async () => {
  const relay = await Relay.connect(url);
  const profile = (content: string, created_at: number) => note("cat", { kind: 0, content, created_at });
  const [older, newer] = [profile("older", 1_600_000_000), profile("newer", 1_600_000_001)];
  await relay.publish(newer);
  await expect(relay.publish(older)).rejects.toThrow("replaced: have newer event");
  expect(await stored(relay, [{ kinds: [0], authors: [newer.pubkey] }])).toEqual([newer.id]);
  const page = (d: string, content: string) => note("cat", { kind: 30_023, tags: [["d", d]], content });
  const [first, second, elsewhere] = [page("a", "1"), page("a", "2"), page("b", "1")];
  for (const event of [first, second, elsewhere]) await relay.publish(event);
  expect(await stored(relay, [{ kinds: [30_023] }])).toEqual([elsewhere.id, second.id]);
  const gone = note("cat");
  await relay.publish(gone);
  const deletion = note("cat", {
    kind: 5,
    tags: [
      ["e", gone.id],
      ["a", `30023:${gone.pubkey}:a`],
    ],
  });
  await relay.publish(deletion);
  expect(await stored(relay, [{ ids: [gone.id] }, { kinds: [30_023] }])).toEqual([elsewhere.id]);
  await expect(relay.publish(gone)).resolves.toMatch(/^duplicate: /);
  const never = note("cat");
  await relay.publish(note("cat", { kind: 5, tags: [["e", never.id]] }));
  await expect(relay.publish(never)).rejects.toThrow("deleted: user requested deletion");
  relay.close();
});

test("events that are not right are refused with the reason", async () => {
  const relay = await Relay.connect(url);
  const good = note("dan");
  const now = Math.floor(Date.now() / 1000);
  const { sig: other } = note("dan");
  const wrong: [object, string][] = [
    [{ ...good, sig: other }, "invalid: sig"],
    [{ ...good, content: "changed" }, "invalid: id"],
    [{ ...good, kind: -1 }, "invalid: kind"],
    [{ ...good, tags: [[1]] }, "invalid: tags"],
    [{ ...good, pubkey: good.pubkey.toUpperCase() }, "invalid: pubkey"],
    [note("dan", { created_at: now + 3600 }), "invalid: created_at"],
    [note("dan", { tags: [["expiration", String(now - 1)]] }), "invalid: the event has expired"],
    [note("dan", { tags: [["-"]] }), "blocked: "],
  ];
  for (const [event, reason] of wrong) {
    await expect(relay.publish(event as never), reason).rejects.toThrow(reason);
  }
  expect(await stored(relay, [{ authors: [good.pubkey] }])).toEqual([]);
  const brief = note("dan", { tags: [["expiration", String(now + 2)]] });
  await relay.publish(brief);
  expect(await stored(relay, [{ ids: [brief.id] }])).toEqual([brief.id]);
  await until(async () => (await stored(relay, [{ ids: [brief.id] }])).length === 0);
  relay.close();
});

test("the information document says what the relay is", async () => {
  const found = (await fetchRelayInformation(url)) as unknown as Record<string, unknown>;
  expect(found).toMatchObject({ name: "store", software: "plimsoll" });
  expect(found.supported_nips).toEqual([1, 9, 11, 40, 45, 50, 70]);
  expect(found.limitation).toMatchObject({ max_message_length: 131_072, restricted_writes: false });
  const headers = { Accept: "application/nostr+json", Origin: "https://client.example" };
  expect((await server.call("/", { headers })).headers.get("access-control-allow-origin")).toBe("*");
  expect((await server.call("/")).headers.get("content-type")).toContain("text/html");
});

test("a pool reads, publishes and comes back after the server was away", async () => {
  const place = folder.file("away");
  const args = [place, "--memory", "256MiB"];
  const first = await startServer(folder, args);
  const { port } = new URL(first.url);
  const address = first.url.replace("http", "ws");
  const pool = new SimplePool({ enableReconnect: true });
  const got: string[] = [];
  const [before, after] = [note("eve"), note("eve")];
  await Promise.all(pool.publish([address], before));
  pool.subscribe([address], { kinds: [1] }, { onevent: ({ id }) => void got.push(id) });
  await until(async () => got.includes(before.id));
  await first.stop();
  await startServer(folder, [...args, "--port", port]);
  await until(async () => {
    await Promise.all(pool.publish([address], after)).catch(() => {});
    return got.includes(after.id);
  });
  expect((await pool.querySync([address], { kinds: [1] })).map(({ id }) => id)).toEqual([
    after.id,
    before.id,
  ]);
  pool.destroy();
});
