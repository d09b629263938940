import type { IncomingMessage, ServerResponse } from "node:http";
import { progressTellMs, systemClock } from "../kernel/index.js";
import { sendFailure, sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { statusOf } from "./failure.js";
import type { ImportJob, JobEvent } from "./import-job.js";
import { documentNames } from "./import-options.js";
import { ImportStop } from "./import-stop.js";
import { runJob } from "./run-job.js";
import type { ServerLimits } from "./server-limits.js";
import { lingerOver, openUpload, type Upload, uploadName } from "./upload.js";

/** Runs an import from the body of a request, and answers in the way that the request asks for. */
export async function answerImport(
  exchange: Exchange,
  makeJob: (upload: Upload) => ImportJob,
): Promise<void> {
  const { request, response, imports, settings, limits, live, relay } = exchange;
  const stop = new ImportStop();
  let made: ImportJob | null = null;
  // A small form is read to its end before there is a job.
  const notices: string[] = [];
  const notice = (text: string) => (made === null ? void notices.push(text) : made.notice(text));
  const upload = await openUpload({
    request,
    fieldNames: documentNames,
    idleMsMax: limits.bodyIdleMsMax,
    onBroken: (text) => stop.now({ kind: "broken", text }),
    onPassedOver: (name) => notice(`${uploadName(name)} was not imported: a form brings one file.`),
  });
  const job = makeJob(upload);
  made = job;
  for (const text of notices) job.notice(text);
  const onClose = () => {
    if (!request.complete) stop.now({ kind: "broken", text: "the client has gone" });
  };
  request.once("close", onClose);
  const lines = wayOf(request) === "lines" ? new ImportLines(job, response) : null;
  const ended = imports.run(job, stop, () =>
    runJob({ settings, besideBytes: live.besideBytes + relay.lineBytes, job, stop, upload }),
  );
  if (wayOf(request) === "async") await Promise.race([ended, untilWhole(request)]);
  else await ended;
  request.off("close", onClose);
  if (lines !== null && response.headersSent) await lines.finish(request, limits);
  else await answerOnce(job, exchange);
}

type Way = "lines" | "json" | "async";

/** Progress as lines unless one JSON document, or no waiting at all, is asked for. */
function wayOf(request: IncomingMessage): Way {
  const prefer = String(request.headers.prefer ?? "");
  if (/(^|[,;\s])respond-async($|[,;\s])/i.test(prefer)) return "async";
  const accepted = (request.headers.accept ?? "*/*").toLowerCase();
  return accepted.includes("application/json") && !accepted.includes("application/x-ndjson")
    ? "json"
    : "lines";
}

async function answerOnce(job: ImportJob, { request, response, limits }: Exchange): Promise<void> {
  await lingerOver(request, limits.lingerMsMax);
  if (!request.complete) response.shouldKeepAlive = false;
  if (job.error !== null) {
    const failure = { status: statusOf(job.error.code), error: job.error };
    sendFailure(response, failure, { report: job.report });
  } else if (wayOf(request) === "async") {
    sendJson(response, 202, { import: job.summary() }, { Location: `/api/imports/${job.id}` });
  } else sendJson(response, 200, job.report);
}

function untilWhole(request: IncomingMessage): Promise<void> {
  if (request.complete && request.readableEnded) return Promise.resolve();
  return new Promise((resolve) => request.once("end", resolve));
}

/** Lines of JSON while the import runs; the first one brings the headers, when the import has begun. */
class ImportLines {
  readonly #job: ImportJob;
  readonly #response: ServerResponse;
  readonly #unlisten: () => void;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(job: ImportJob, response: ServerResponse) {
    this.#job = job;
    this.#response = response;
    this.#unlisten = job.listen((event) => this.#hear(event));
  }

  /** The last line: the report, or the failure and a connection that is cut. */
  async finish(request: IncomingMessage, limits: ServerLimits): Promise<void> {
    const { report, error } = this.#job;
    this.#unlisten();
    const response = this.#response;
    if (error === null) {
      this.#write({ type: "report", report });
      await lingerOver(request, limits.lingerMsMax);
      response.end();
      return;
    }
    await new Promise<void>((resolve) => {
      setTimeout(resolve, limits.answerIdleMsMax).unref();
      response.once("close", resolve);
      response.write(`${JSON.stringify({ type: "failed", error, report })}\n`, () => resolve());
    });
    await lingerOver(request, limits.lingerMsMax);
    // Without the end of its last chunk: the client sees a transfer that broke off.
    response.socket?.destroySoon();
  }

  #hear(event: JobEvent): void {
    if (event.kind === "progress") this.#showProgress();
    else if (event.kind === "notice" && this.#response.headersSent) {
      this.#write({ type: "notice", text: event.text });
    }
  }

  #showProgress(): void {
    if (!this.#response.headersSent) this.#begin();
    const nowMs = systemClock.nowMs();
    // Who reads slowly misses some of the progress and none of the rest.
    if (nowMs - this.#toldAtMs < progressTellMs || this.#response.writableNeedDrain) return;
    this.#toldAtMs = nowMs;
    this.#write({ type: "progress", progress: this.#job.progress });
  }

  #begin(): void {
    this.#response.writeHead(200, { "Content-Type": "application/x-ndjson" });
    this.#write({ type: "accepted", import: this.#job.summary() });
  }

  #write(value: unknown): void {
    if (!this.#response.destroyed) this.#response.write(`${JSON.stringify(value)}\n`);
  }
}
