import { assert, Kernel } from "../kernel/index.js";
import { RunSpiller } from "./run-spiller.js";
import { DecodeStage } from "./worker-decode.js";
import {
  listHashes,
  type MergeContext,
  type Merged,
  mergeKeyRuns,
  mergeTupleRuns,
  type Work,
} from "./worker-merge.js";
import type { WorkerOutput } from "./worker-output.js";
import type { AnswerReply, WorkerSetup, WorkRequest } from "./worker-protocol.js";

/** Opens the output of a request, with the buffer to begin with. */
export type OpenOutput<Output extends WorkerOutput> = (ordinal: number, buffer: ArrayBuffer) => Output;

/**
 * What a worker does, in a thread of its own or in the main thread. One kernel memory of fixed size serves
 * reading first (decode, run buffers) and merging after; a request is carried out whole before the next one.
 */
export class WorkerCore<Output extends WorkerOutput> {
  readonly #setup: WorkerSetup;
  readonly #openOutput: OpenOutput<Output>;
  readonly #kernel: Kernel;
  readonly #base: number;
  readonly #spiller: RunSpiller;
  #decode: DecodeStage | null = null;
  /** The output buffer of merges, kept between requests. */
  #mergeOutput: ArrayBuffer | null = null;

  constructor(setup: WorkerSetup, openOutput: OpenOutput<Output>) {
    this.#setup = setup;
    this.#openOutput = openOutput;
    this.#kernel = new Kernel({ memoryBytes: setup.memoryBytes, module: setup.module });
    this.#base = this.#kernel.mark();
    this.#spiller = new RunSpiller(setup);
  }

  *answer(request: WorkRequest): Work<AnswerReply> {
    switch (request.kind) {
      case "load":
        return yield* this.#decodeStage().load(request, this.#openOutput(request.ordinal, request.output));
      case "flush":
        this.#decode?.spillAll();
        return { kind: "flushed", ...this.#spiller.take() };
      case "limit-runs": {
        const sizes = this.#decode?.limitRuns(request.isLimited) ?? { limitBytes: 0, capacityBytes: 0 };
        return { kind: "runs-limited", ...sizes };
      }
      case "merge-tuples":
        return yield* this.#merged(request.ordinal, (context) => mergeTupleRuns(context, request));
      case "merge-keys":
        return yield* this.#merged(request.ordinal, (context) => mergeKeyRuns(context, request));
      case "list-hashes":
        return yield* this.#merged(request.ordinal, function* (context) {
          yield* listHashes(context, request);
          return { entries: 0, bytes: 0, runs: [], fates: null };
        });
    }
  }

  #decodeStage(): DecodeStage {
    this.#decode ??= new DecodeStage(this.#setup, this.#kernel, this.#spiller);
    return this.#decode;
  }

  *#merged(ordinal: number, work: (context: MergeContext) => Work<Merged>): Work<AnswerReply> {
    // What was decoded is spilled by now: its regions are lent to the merge.
    this.#decode = null;
    this.#kernel.release(this.#base);
    const buffer = this.#mergeOutput ?? new ArrayBuffer(this.#setup.layout.outputBytes);
    this.#mergeOutput = null;
    const output = this.#openOutput(ordinal, buffer);
    const { mapping, runsDir } = this.#setup;
    const newRunName = (kind: Parameters<MergeContext["newRunName"]>[0]) => this.#spiller.newRunName(kind);
    const { writerOptions } = this.#spiller;
    const context = { kernel: this.#kernel, mapping, runsDir, output, newRunName, writerOptions };
    const merged = yield* work(context);
    assert(this.#decode === null, "a worker merges or decodes, one at a time");
    this.#mergeOutput = output.flush();
    return { kind: "merged", ordinal, ...merged };
  }
}
