import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { headerBytesMax, idleCheckMs, PlimsollError, relayConnectionsMax } from "../kernel/index.js";
import { Gauge } from "../memory/index.js";
import { importHistoryDir, liveDir } from "../targets/lmdb/index.js";
import { isLoopback, LoopbackAuthorization, TokenAuthorization } from "./authorization.js";
import type { ServerParts, ServerSettings } from "./exchange.js";
import { failureOf } from "./failure.js";
import { HttpConnections } from "./http-connections.js";
import { ImportQueue } from "./import-queue.js";
import { JobHistory } from "./job-history.js";
import { LiveRecords } from "./live-records.js";
import { PageFiles } from "./page-files.js";
import { ReadingRoom } from "./reading-room.js";
import { handleUpgrade, makeRelay } from "./relay-endpoint.js";
import { handleRequest } from "./request-handler.js";
import { stopError } from "./run-job.js";
import { countImport, newCounts } from "./server-counts.js";
import { serverLimits } from "./server-limits.js";
import { SnapshotWork } from "./snapshots/index.js";
import { StoreAccess } from "./store-access.js";
import { StoreSummary } from "./store-summary.js";

export interface RunningServer {
  /** `http://127.0.0.1:8080`. */
  address: string;
  /**
   * Takes no more requests, stops the import at a checkpoint, and ends; whether an import was interrupted,
   * and can go on. Idempotent.
   */
  close(): Promise<boolean>;
}

/** Starts to listen; everything that it needs is looked at first, so that a bad start is a coded error. */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { host, port, tokensFile } = settings;
  if (tokensFile === null && !isLoopback(host)) throw new PlimsollError("SERVER_UNSAFE", { host });
  const authorization =
    tokensFile === null ? new LoopbackAuthorization() : new TokenAuthorization(tokensFile);
  const parts = await makeParts(settings);
  const stopping = new AbortController();
  const { limits } = parts;
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersMsMax,
    // An upload may take hours; one that brings nothing has a bound of its own.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.headersMsMax / 5,
    requireHostHeader: true,
  });
  server.maxConnections = limits.connectionsMax + relayConnectionsMax;
  server.on("drop", () => {
    parts.counts.connectionsRefused++;
  });
  const handle = (isBodyAwaited: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const signal = stopping.signal;
    void handleRequest(request, response, { parts, authorization, signal, isBodyAwaited });
  };
  server.on("request", handle(false));
  // `Expect: 100-continue`: a body that is refused need not be sent at all.
  server.on("checkContinue", handle(true));
  const connections = new HttpConnections(limits.connectionsMax, parts.counts);
  server.on("connection", (socket) => connections.admit(socket));
  server.on("upgrade", (request, socket, head) => {
    connections.release(socket);
    void handleUpgrade(request, socket, head, { parts, authorization });
  });
  const { snapshots } = parts;
  if (existsSync(liveDir(settings.storePath)) && snapshots.writeRefusal === null) await parts.live.open(null);
  try {
    await listen(server, host, port);
  } catch (error) {
    await snapshots.close();
    throw error;
  }
  snapshots.start();
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  let closing: Promise<boolean> | null = null;
  return {
    address: `http://${name}:${bound}`,
    close: () => {
      closing ??= closeServer(server, parts, stopping);
      return closing;
    },
  };
}

async function makeParts(settings: ServerSettings): Promise<ServerParts> {
  const { storePath, pageDir, values, line, note } = settings;
  const snapshots = await SnapshotWork.open(settings.snapshots ?? { sync: null, replica: null }, {
    storePath,
    note,
    exclusively: (work) =>
      imports.exclusively(() => {
        store.giveMappedBack();
        return work();
      }),
    onPulled: () => void store.refresh(),
  });
  const imports = new ImportQueue({
    // What was written before the import stands before its records, for rules that go by the order.
    before: async () => {
      await live.layer?.foldNow();
      live.giveCopiesBack();
    },
    failureOfStop: (reason, name) => failureOf(stopError(reason, name), storePath).error,
    history: new JobHistory(importHistoryDir(storePath), note),
  });
  const [blockBytes, indexBytes] = [values.number("block-cache"), values.number("index-cache")];
  const caches = {
    ...(blockBytes === null ? {} : { blockBytes }),
    ...(indexBytes === null ? {} : { indexBytes }),
  };
  const isShared = (): boolean =>
    imports.isRunning || live.isImporting || snapshots.replica?.isPulling === true;
  const mapped = new ReadingRoom(new Gauge(), line.bytes, isShared);
  const live: LiveRecords = new LiveRecords(settings, { imports, mapped, isShared, snapshots });
  const store: StoreAccess = new StoreAccess(storePath, { lineBytes: line.bytes, caches, live, mapped });
  const counts = newCounts();
  const relay = makeRelay({ storePath, store, live, note: settings.note });
  imports.listen((job, event) => {
    if (event.kind === "state" && job.state === "running") store.giveMappedBack();
    if (event.kind !== "end") return;
    void store.refresh();
    live.layer?.refresh();
    countImport(counts, job.state, job.report);
  });
  return {
    settings,
    limits: { ...serverLimits, ...settings.limits },
    imports,
    store,
    live,
    relay,
    snapshots,
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
async function closeServer(server: Server, parts: ServerParts, stopping: AbortController): Promise<boolean> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  stopping.abort(new PlimsollError("SERVER_STOPPING"));
  // Node.js lets go of connections that are idle now; those whose answer ends in a moment are kept open else.
  const idleCheck = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const [isInterrupted] = await Promise.all([parts.imports.close(), parts.snapshots.close()]);
  await parts.relay.close();
  await parts.live.close();
  await parts.store.close();
  const timer = setTimeout(() => server.closeAllConnections(), parts.limits.shutdownMsMax);
  await closed;
  clearInterval(idleCheck);
  clearTimeout(timer);
  return isInterrupted;
}
