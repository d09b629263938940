import type { ServerResponse } from "node:http";
import {
  eventBytesUnreadMax,
  eventHeartbeatMs,
  eventStreamsMax,
  PlimsollError,
  progressTellMs,
  systemClock,
} from "../kernel/index.js";
import type { Exchange } from "./exchange.js";
import type { ImportJob, JobEvent } from "./import-job.js";
import { healthOf } from "./snapshots/index.js";

/** `GET /api/imports/{id}/events`: one import, until it ends. */
export async function getImportEvents(exchange: Exchange): Promise<void> {
  const job = exchange.imports.get(exchange.path.id!);
  const stream = openStream(exchange);
  const feed = new JobFeed(stream);
  feed.tell(job, { kind: "state" });
  if (job.isEnded) {
    feed.tell(job, { kind: "end" });
    stream.close();
    return;
  }
  stream.onClose(
    job.listen((event) => {
      feed.tell(job, event);
      if (event.kind === "end") stream.close();
    }),
  );
  await stream.closed;
}

/** `GET /api/events`: every import as it comes, snapshots, and the store when it has changed. */
export async function getEvents(exchange: Exchange): Promise<void> {
  const { imports, snapshots } = exchange;
  const stream = openStream(exchange);
  const feed = new JobFeed(stream);
  for (const job of imports.jobs) if (!job.isEnded) feed.tell(job, { kind: "state" });
  stream.onClose(
    imports.listen((job, event) => {
      feed.tell(job, event);
      if (event.kind === "end" && job.report !== null) stream.send("store", { changedBy: job.id });
    }),
  );
  stream.onClose(
    snapshots.listen((event) => {
      if (event === "store") stream.send("store", { changedBy: "replica" });
      else stream.send("snapshots", { status: healthOf(snapshots.checks()) });
    }),
  );
  await stream.closed;
}

/** What happens to jobs, as events: progress no more often than clients need it. */
class JobFeed {
  readonly #stream: EventStream;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(stream: EventStream) {
    this.#stream = stream;
  }

  tell(job: ImportJob, event: JobEvent): void {
    if (event.kind === "progress") {
      const nowMs = systemClock.nowMs();
      if (nowMs - this.#toldAtMs < progressTellMs) return;
      this.#toldAtMs = nowMs;
    }
    const { kind } = event;
    if (kind === "point") this.#stream.send("point", { import: job.id, ...event.point });
    else if (kind === "decision") this.#stream.send("decision", { import: job.id, ...event.decision });
    else if (kind === "end") this.#stream.send("end", job.details());
    else this.#stream.send("import", job.summary());
  }
}

function openStream({ response, signal, counts }: Exchange): EventStream {
  if (counts.eventStreamsOpen >= eventStreamsMax)
    throw new PlimsollError("SERVER_BUSY", { what: "one more event stream" });
  const stream = new EventStream(response, signal);
  counts.eventStreamsOpen++;
  stream.onClose(() => {
    counts.eventStreamsOpen--;
  });
  return stream;
}

/** Server-sent events; a client that does not read them is cut, and comes again by itself. */
class EventStream {
  readonly closed: Promise<void>;
  readonly #response: ServerResponse;
  readonly #onClose: (() => void)[] = [];
  #isClosed = false;

  constructor(response: ServerResponse, signal: AbortSignal) {
    this.#response = response;
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    response.write(": plimsoll\n\n");
    const heartbeat = setInterval(() => response.write(": still here\n\n"), eventHeartbeatMs);
    this.closed = new Promise((resolve) => {
      this.onClose(() => {
        clearInterval(heartbeat);
        resolve();
      });
    });
    response.once("close", () => this.close());
    signal.addEventListener("abort", () => this.close(), { once: true });
  }

  onClose(action: () => void): void {
    this.#onClose.push(action);
  }

  send(event: string, data: unknown): void {
    if (this.#isClosed) return;
    if (this.#response.writableLength > eventBytesUnreadMax) {
      this.#response.destroy();
      this.close();
      return;
    }
    this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const action of this.#onClose) action();
    this.#response.end();
  }
}
