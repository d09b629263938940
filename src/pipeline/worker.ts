import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import {
  asDiskCondition,
  assert,
  collectEveryMs,
  collectGarbage,
  isPlimsollError,
  keepYoungGenerationsSmall,
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
  #collectedMs = performance.now();

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

  #collect(): void {
    collectGarbage();
    this.#collectedMs = performance.now();
  }

  #carryOut(request: WorkerRequest): void {
    try {
      // Credits of a request that has ended are taken by the output itself; none comes late.
      assert(request.kind !== "credit", "a buffer came back to a worker that waits for none");
      const reply = runToEnd(this.#core.answer(request));
      this.#port.postMessage(reply, transferOf(reply));
      // V8 would wait until the old generation has grown by 8 MB at the least, whatever its flags say.
      const isDue = performance.now() - this.#collectedMs >= collectEveryMs;
      if (request.kind !== "load" || isDue) this.#collect();
    } catch (error) {
      this.#port.postMessage(failedReply(asDiskCondition(error, this.#setup.runsDir)));
    }
  }
}

function transferOf(reply: AnswerReply): ArrayBuffer[] {
  return reply.kind === "loaded" ? [reply.input, reply.output] : [];
}

function failedReply(error: unknown): FailedReply {
  const known = isPlimsollError(error) ? { code: error.code, details: error.details } : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", error: known, message, stack };
}

assert(parentPort !== null, "worker.js runs in a worker thread");
keepYoungGenerationsSmall();
const thread = new WorkerThread(workerData as ThreadSetup, parentPort);
parentPort.on("message", (request: WorkerRequest) => thread.handle(request));
