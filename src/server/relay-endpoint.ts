import { type IncomingMessage, STATUS_CODES } from "node:http";
import { basename } from "node:path";
import type { Duplex } from "node:stream";
import { isPlimsollError, PlimsollError, retryAfterSeconds } from "../kernel/index.js";
import { nostrEntity } from "../presets/index.js";
import { Relay, relayInformation } from "../relay/index.js";
import { sendJson } from "./answers.js";
import type { Authorization, Requester } from "./authorization.js";
import type { Exchange, ServerParts } from "./exchange.js";
import { failureOf, stackOf } from "./failure.js";
import type { LiveRecords } from "./live-records.js";
import { countUp } from "./server-counts.js";
import type { StoreAccess } from "./store-access.js";

const preset = "nostr";

export interface RelayEndpointOptions {
  storePath: string;
  store: StoreAccess;
  live: LiveRecords;
  note: (text: string) => void;
}

/** The relay of the server's store. */
export function makeRelay({ storePath, store, live, note }: RelayEndpointOptions): Relay {
  return new Relay({
    use: (signal, work) =>
      store.use(signal, (reader, given) => {
        assertNostr(reader.mapping.preset, storePath);
        return work(reader, given);
      }),
    throwIfTight: () => store.throwIfTight(),
    write: async (records) => {
      const layer = await live.open(preset);
      assertNostr((await layer.mapping(null)).preset, storePath);
      return await layer.write(records.map((bytes) => ({ entity: nostrEntity, bytes })));
    },
    describe: (error) => {
      if (!isPlimsollError(error)) note(`${stackOf(error)}\n`);
      return failureOf(error, storePath).error.message;
    },
  });
}

export interface UpgradeOptions {
  parts: ServerParts;
  authorization: Authorization;
}

/** `GET /` with an upgrade to a WebSocket. */
export async function handleUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { parts, authorization }: UpgradeOptions,
): Promise<void> {
  const { relay, settings, counts } = parts;
  // A peer that breaks off is no event.
  socket.on("error", () => {});
  try {
    assertRelayPath(request);
    authorization.check(request, "read");
    await assertRelayStore(parts);
    // Of the request, which may have large headers, no more is kept than the peer is known by.
    const requester = requesterOf(request);
    relay.accept(request, socket, head, (scope) => authorization.check(requester, scope));
    countUp(counts.requests, "101");
  } catch (error) {
    if (!isPlimsollError(error)) settings.note(`${stackOf(error)}\n`);
    const failure = failureOf(error, settings.storePath);
    countUp(counts.requests, String(failure.status));
    refuse(socket, failure.status, JSON.stringify({ error: failure.error }));
  }
}

/**
 * `GET /` with `Accept: application/nostr+json`: the document of NIP-11, which pages from anywhere may read.
 */
export async function sendRelayInformation(exchange: Exchange): Promise<void> {
  const { settings, response } = exchange;
  await assertRelayStore(exchange);
  response.setHeader("Vary", "Accept");
  const document = relayInformation({
    name: basename(settings.storePath),
    version: settings.version,
    areWritesRestricted: settings.tokensFile !== null || exchange.snapshots.writeRefusal !== null,
  });
  sendJson(response, 200, document, {
    "Content-Type": "application/nostr+json",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "GET",
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
}

function assertRelayPath(request: IncomingMessage): void {
  const path = (request.url ?? "/").split("?")[0]!;
  if (path !== "/") throw new PlimsollError("ROUTE_UNKNOWN", { method: "UPGRADE", path: path.slice(0, 64) });
}

/** A store that is not there yet, or has nothing in it, is made by the first event. */
async function assertRelayStore({ store, settings }: ServerParts): Promise<void> {
  try {
    await store.use(new AbortController().signal, async ({ mapping }) => {
      if (mapping.entities.length > 0) assertNostr(mapping.preset, settings.storePath);
    });
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORE_ABSENT") throw error;
  }
}

function assertNostr(found: string | null, store: string): void {
  if (found !== preset) throw new PlimsollError("STORE_NOT_NOSTR", { store });
}

function requesterOf({ url, headers }: IncomingMessage): Requester {
  const { authorization, host, origin, upgrade } = headers;
  const kept = { authorization, host, origin, upgrade, "sec-fetch-site": headers["sec-fetch-site"] };
  return { url: url!, headers: kept };
}

function refuse(socket: Duplex, status: number, body: string): void {
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "X-Content-Type-Options: nosniff",
  ];
  if (status === 401) headers.push('WWW-Authenticate: Bearer realm="plimsoll"');
  if (status === 503) headers.push(`Retry-After: ${retryAfterSeconds}`);
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
