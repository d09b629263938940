import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  connectionsMax,
  headerBytesMax,
  headersMsMax,
  keepAliveMs,
  PlimsollError,
  shutdownMsMax,
} from "../kernel/index.js";
import { isLoopback, LoopbackAuthorization, TokenAuthorization } from "./authorization.js";
import type { ServerParts, ServerSettings } from "./exchange.js";
import { failureOf } from "./failure.js";
import { ImportQueue } from "./import-queue.js";
import { LiveRecords } from "./live-records.js";
import { PageFiles } from "./page-files.js";
import { handleRequest } from "./request-handler.js";
import { stopError } from "./run-job.js";
import { countImport, newCounts } from "./server-counts.js";
import { StoreAccess } from "./store-access.js";
import { StoreSummary } from "./store-summary.js";

export interface RunningServer {
  /** `http://127.0.0.1:8080`. */
  address: string;
  /** Takes no more requests, stops the import at a checkpoint, and ends. Idempotent. */
  close(): Promise<void>;
}

/** Starts to listen; everything that it needs is looked at first, so that a bad start is a coded error. */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { host, port, tokensFile } = settings;
  if (tokensFile === null && !isLoopback(host)) throw new PlimsollError("SERVER_UNSAFE", { host });
  const authorization =
    tokensFile === null ? new LoopbackAuthorization() : new TokenAuthorization(tokensFile);
  const parts = makeParts(settings);
  const stopping = new AbortController();
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersMsMax,
    // An upload may take hours; one that brings nothing has a bound of its own.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: headersMsMax / 5,
    requireHostHeader: true,
  });
  server.maxConnections = connectionsMax;
  server.on("drop", () => {
    parts.counts.connectionsRefused++;
  });
  server.on("request", (request, response) => {
    void handleRequest(request, response, { parts, authorization, signal: stopping.signal });
  });
  if (existsSync(join(settings.storePath, "live"))) await parts.live.open(null);
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  let closing: Promise<void> | null = null;
  return {
    address: `http://${name}:${bound}`,
    close: () => {
      closing ??= closeServer(server, parts, stopping);
      return closing;
    },
  };
}

function makeParts(settings: ServerSettings): ServerParts {
  const { storePath, pageDir, values, line } = settings;
  const imports = new ImportQueue((reason, job) => failureOf(stopError(reason, job.name), storePath).error);
  const [blockBytes, indexBytes] = [values.number("block-cache"), values.number("index-cache")];
  const caches = {
    ...(blockBytes === null ? {} : { blockBytes }),
    ...(indexBytes === null ? {} : { indexBytes }),
  };
  const live = new LiveRecords(settings, imports);
  const store: StoreAccess = new StoreAccess(storePath, { lineBytes: line.bytes, caches, live });
  const counts = newCounts();
  imports.listen((job, event) => {
    if (event.kind !== "end") return;
    void store.refresh();
    live.layer?.refresh();
    countImport(counts, job.state, job.report);
  });
  return {
    settings,
    imports,
    store,
    live,
    summary: new StoreSummary(store),
    page: new PageFiles(pageDir),
    counts,
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new PlimsollError("SERVER_UNREACHABLE", { host, port, reason }, { cause });
  }
}

/** The import first: its client still hears how it ended. */
async function closeServer(server: Server, parts: ServerParts, stopping: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  stopping.abort(new PlimsollError("SERVER_STOPPING"));
  await parts.imports.close();
  await parts.live.close();
  await parts.store.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), shutdownMsMax);
  await closed;
  clearTimeout(timer);
}
