import { basename } from "node:path";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { sendRelayInformation } from "./relay-endpoint.js";

/** `GET /api/store`: what is in the store, and the line that imports keep. */
export async function getStore({ summary, settings, signal, snapshots, response }: Exchange): Promise<void> {
  const store = await summary.get(signal);
  const { storePath, line, version } = settings;
  sendJson(response, 200, {
    name: snapshots.isStoreless ? "syncs" : basename(storePath),
    store,
    line: { bytes: line.bytes, source: line.source },
    isReplica: snapshots.replica !== null,
    isStoreless: snapshots.isStoreless,
    isNostr: store?.mapping.preset === "nostr",
    version,
  });
}

/** `GET /`: the page, or what a client asks of a relay. */
export async function getPage(exchange: Exchange): Promise<void> {
  const { page, request, response } = exchange;
  if (request.headers.accept?.includes("application/nostr+json") === true) {
    await sendRelayInformation(exchange);
    return;
  }
  page.send(request, response, "index.html");
}

/** `GET /page/{file}`. */
export async function getPageFile({ page, request, response, path }: Exchange): Promise<void> {
  page.send(request, response, path.file!);
}
