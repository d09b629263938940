import { availableParallelism } from "node:os";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { assert, keepYoungGenerationsSmall, offerCollection, PlimsollError } from "../kernel/index.js";
import type {
  AnswerReply,
  FailedReply,
  OutputHandler,
  OutputReply,
  WorkerHandle,
  WorkerReply,
  WorkerRequest,
  WorkerSetup,
  WorkRequest,
} from "./worker-protocol.js";

// Workers always run the built file: a test that imports the sources has no loader for TypeScript in a
// thread.
const workerUrl = new URL("../../dist/bundle/worker.cjs", import.meta.url);

interface PendingRequest {
  resolve: (reply: AnswerReply) => void;
  reject: (error: unknown) => void;
  onOutput: OutputHandler;
}

/**
 * One worker thread: it boots at once and waits to be set up, keeping no process alive meanwhile. Requests
 * are answered in order, and a request that fails ends the worker for good.
 */
export class PoolWorker implements WorkerHandle {
  readonly #worker: Worker;
  readonly #credits = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending: PendingRequest[] = [];
  #failure: unknown = null;

  constructor(resourceLimits: ResourceLimits) {
    offerCollection();
    this.#worker = new Worker(workerUrl, { resourceLimits });
    this.#worker.once("online", keepYoungGenerationsSmall);
    this.#worker.on("message", (reply: WorkerReply) => void this.#receive(reply));
    this.#worker.on("error", (error) => this.#fail(asWorkerError(error, resourceLimits)));
    this.#worker.on("exit", () => this.#fail(new PlimsollError("WORKER_LOST", { reason: "it ended" })));
    this.#worker.unref();
  }

  setUp(setup: WorkerSetup): this {
    this.#worker.ref();
    const credits = this.#credits.buffer as SharedArrayBuffer;
    this.#worker.postMessage({ kind: "setup", setup: { ...setup, credits } } satisfies WorkerRequest);
    return this;
  }

  /** Requests sent and not yet answered. */
  get depth(): number {
    return this.#pending.length;
  }

  send(request: WorkRequest, transfer: ArrayBuffer[], onOutput: OutputHandler): Promise<AnswerReply> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const answer = new Promise<AnswerReply>((resolve, reject) => {
      this.#pending.push({ resolve, reject, onOutput });
    });
    this.#worker.postMessage(request, transfer);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new PlimsollError("WORKER_LOST", { reason: "it was ended" });
    Atomics.store(this.#credits, 0, -1);
    Atomics.notify(this.#credits, 0);
    await this.#worker.terminate();
  }

  async #receive(reply: WorkerReply): Promise<void> {
    if (reply.kind === "failed") {
      this.#fail(errorOf(reply));
      return;
    }
    if (reply.kind === "output") {
      await this.#takeOutput(reply);
      return;
    }
    const request = this.#pending.shift();
    assert(request !== undefined, "a worker answered a request that was never sent");
    request.resolve(reply);
  }

  async #takeOutput(reply: OutputReply): Promise<void> {
    const request = this.#pending[0];
    assert(request !== undefined, "a worker sent output without a request");
    try {
      await request.onOutput(reply);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#failure !== null) return;
    this.#worker.postMessage({ kind: "credit", output: reply.output } satisfies WorkerRequest, [
      reply.output,
    ]);
    Atomics.add(this.#credits, 0, 1);
    Atomics.notify(this.#credits, 0);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const request of this.#pending.splice(0)) request.reject(this.#failure);
  }
}

function errorOf(reply: FailedReply): unknown {
  if (reply.error !== null) return new PlimsollError(reply.error.code, reply.error.details);
  const error = new Error(reply.message);
  if (reply.stack !== undefined) error.stack = reply.stack;
  return error;
}

function asWorkerError(error: Error, limits: ResourceLimits): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_OUT_OF_MEMORY") return error;
  const heapMb = limits.maxOldGenerationSizeMb ?? 0;
  return new PlimsollError("WORKER_OUT_OF_MEMORY", { heapMb }, { cause: error });
}

export function defaultThreads(): number {
  return Math.max(1, availableParallelism());
}
