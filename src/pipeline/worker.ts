import { type MessagePort, parentPort } from "node:worker_threads";
import {
  asDiskCondition,
  assert,
  collectEveryMs,
  collectGarbage,
  heapBytes,
  isPlimsollError,
  reliefWorthBytes,
  uptimeMs,
} from "../kernel/index.js";
import { runToEnd } from "../postings/index.js";
import { WorkerCore } from "./worker-core.js";
import { ThreadOutput } from "./worker-output.js";
import type { AnswerReply, FailedReply, ThreadSetup, WorkerRequest, WorkRequest } from "./worker-protocol.js";

/** The thread's main program: a request is carried out whole before the next one is looked at. */
class WorkerThread {
  readonly #setup: ThreadSetup;
  readonly #port: MessagePort;
  readonly #core: WorkerCore<ThreadOutput>;
  /** Requests that came while the one before them waited for its output buffer. */
  readonly #deferred: WorkRequest[] = [];
  #collectedMs = uptimeMs();
  #heapBytesCollected = heapBytes();

  constructor(setup: ThreadSetup, port: MessagePort) {
    this.#setup = setup;
    this.#port = port;
    const credits = new Int32Array(setup.credits);
    const defer = (request: WorkRequest) => void this.#deferred.push(request);
    this.#core = new WorkerCore(
      setup,
      (ordinal, buffer) => new ThreadOutput(port, credits, defer, ordinal, buffer),
    );
  }

  handle(request: WorkerRequest): void {
    this.#carryOut(request);
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) {
      this.#carryOut(next);
    }
  }

  /** V8 would wait until the old generation has grown by 8 MB at the least, whatever its flags say. */
  #collectWhatIsDue(request: WorkRequest): void {
    const isDue = uptimeMs() - this.#collectedMs >= collectEveryMs;
    const isWorth = request.kind !== "load" && heapBytes() - this.#heapBytesCollected >= reliefWorthBytes;
    if (!isDue && !isWorth) return;
    collectGarbage();
    this.#collectedMs = uptimeMs();
    this.#heapBytesCollected = heapBytes();
  }

  #carryOut(request: WorkerRequest): void {
    try {
      // Credits of a request that has ended are taken by the output itself; none comes late.
      assert(isWork(request), "a worker that waits for no buffer, and is set up, gets requests only");
      const reply = runToEnd(this.#core.answer(request));
      this.#port.postMessage(reply, transferOf(reply));
      this.#collectWhatIsDue(request);
    } catch (error) {
      this.#port.postMessage(failedReply(asDiskCondition(error, this.#setup.runsDir)));
    }
  }
}

function isWork(request: WorkerRequest): request is WorkRequest {
  return request.kind !== "credit" && request.kind !== "setup";
}

function transferOf(reply: AnswerReply): ArrayBuffer[] {
  return reply.kind === "loaded" ? [reply.input, reply.output] : [];
}

function failedReply(error: unknown): FailedReply {
  const known = isPlimsollError(error) ? { code: error.code, details: error.details } : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", error: known, message, stack };
}

assert(parentPort !== null, "worker.ts runs in a worker thread");
const port = parentPort;
let thread: WorkerThread | null = null;
port.on("message", (request: WorkerRequest) => {
  if (request.kind === "setup") thread = new WorkerThread(request.setup, port);
  else if (thread !== null) thread.handle(request);
});
