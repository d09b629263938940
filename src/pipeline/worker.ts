import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { asDiskCondition, assert, isPlimsollError, Kernel } from "../kernel/index.js";
import { RunSpiller } from "./run-spiller.js";
import { DecodeStage } from "./worker-decode.js";
import { listHashes, type MergeContext, type Merged, mergeKeyRuns, mergeTupleRuns } from "./worker-merge.js";
import { WorkerOutput } from "./worker-output.js";
import type { FailedReply, WorkerReply, WorkerRequest, WorkerSetup } from "./worker-protocol.js";

/**
 * The thread's main program. One kernel memory of fixed size serves reading first (decode, run buffers) and
 * merging after; a request is carried out whole before the next one is looked at.
 */
class WorkerThread {
  readonly #setup: WorkerSetup;
  readonly #port: MessagePort;
  readonly #credits: Int32Array;
  readonly #kernel: Kernel;
  readonly #base: number;
  readonly #spiller: RunSpiller;
  #decode: DecodeStage | null = null;
  /** The output buffer of merges, kept between requests. */
  #mergeOutput: ArrayBuffer | null = null;

  constructor(setup: WorkerSetup, port: MessagePort) {
    this.#setup = setup;
    this.#port = port;
    this.#credits = new Int32Array(setup.credits);
    this.#kernel = new Kernel({ memoryBytes: setup.memoryBytes, module: setup.module });
    this.#base = this.#kernel.mark();
    this.#spiller = new RunSpiller(setup);
  }

  handle(request: WorkerRequest): void {
    try {
      const reply = this.#answer(request);
      if (reply !== null) this.#port.postMessage(reply, transferOf(reply));
    } catch (error) {
      this.#port.postMessage(failedReply(asDiskCondition(error, this.#setup.runsDir)));
    }
  }

  #answer(request: WorkerRequest): WorkerReply | null {
    switch (request.kind) {
      case "load": {
        const output = new WorkerOutput(this.#port, this.#credits, request.ordinal, request.output);
        return this.#decodeStage().load(request, output);
      }
      case "flush":
        this.#decode?.spillAll();
        return { kind: "flushed", runs: this.#spiller.takeRuns() };
      case "merge-tuples":
        return this.#merged(request.ordinal, (context) => mergeTupleRuns(context, request));
      case "merge-keys":
        return this.#merged(request.ordinal, (context) => mergeKeyRuns(context, request));
      case "list-hashes":
        return this.#merged(request.ordinal, (context) => {
          listHashes(context, request);
          return { entries: 0, bytes: 0, runs: [], fates: null };
        });
      case "credit":
        // Credits of a request that has ended are taken by the output itself; none comes late.
        assert(false, "a buffer came back to a worker that waits for none");
    }
  }

  #decodeStage(): DecodeStage {
    this.#decode ??= new DecodeStage(this.#setup, this.#kernel, this.#spiller);
    return this.#decode;
  }

  #merged(ordinal: number, work: (context: MergeContext) => Merged): WorkerReply {
    // Reading is over: its regions are given to the merge.
    this.#decode = null;
    this.#kernel.release(this.#base);
    const buffer = this.#mergeOutput ?? new ArrayBuffer(this.#setup.layout.outputBytes);
    const output = new WorkerOutput(this.#port, this.#credits, ordinal, buffer);
    const kernel = this.#kernel;
    const { mapping, runsDir } = this.#setup;
    const newRunName = (kind: Parameters<MergeContext["newRunName"]>[0]) => this.#spiller.newRunName(kind);
    const merged = work({ kernel, mapping, runsDir, output, newRunName });
    this.#mergeOutput = output.flush();
    return { kind: "merged", ordinal, ...merged };
  }
}

function transferOf(reply: WorkerReply): ArrayBuffer[] {
  return reply.kind === "loaded" ? [reply.input, reply.output] : [];
}

function failedReply(error: unknown): FailedReply {
  const known = isPlimsollError(error) ? { code: error.code, details: error.details } : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", error: known, message, stack };
}

assert(parentPort !== null, "worker.js runs in a worker thread");
const thread = new WorkerThread(workerData as WorkerSetup, parentPort);
parentPort.on("message", (request: WorkerRequest) => thread.handle(request));
