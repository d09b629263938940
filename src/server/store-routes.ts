import { basename } from "node:path";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { sendRelayInformation } from "./relay-endpoint.js";

/** `GET /healthz`: the process answers. */
export async function getHealth({ response }: Exchange): Promise<void> {
  sendJson(response, 200, { status: "ok" });
}

/** `GET /api/store`: what is in the store, and the line that imports keep. */
export async function getStore({ summary, settings, signal, response }: Exchange): Promise<void> {
  const store = await summary.get(signal);
  const { storePath, line, version } = settings;
  sendJson(response, 200, {
    name: basename(storePath),
    store,
    line: { bytes: line.bytes, source: line.source },
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
