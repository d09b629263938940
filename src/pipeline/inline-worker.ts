import { setImmediate as immediate } from "node:timers/promises";
import { asDiskCondition, collectGarbage, PlimsollError } from "../kernel/index.js";
import { WorkerCore } from "./worker-core.js";
import { QueuedOutput } from "./worker-output.js";
import type {
  AnswerReply,
  OutputHandler,
  WorkerHandle,
  WorkerSetup,
  WorkRequest,
} from "./worker-protocol.js";

/**
 * A worker without a thread, for lines that have no room for another isolate: requests are carried out in the
 * main thread, one after another, with a turn of the event loop before each.
 */
export class InlineWorker implements WorkerHandle {
  readonly #runsDir: string;
  #core: WorkerCore<QueuedOutput> | null;
  #output: QueuedOutput | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #depth = 0;
  #failure: unknown = null;

  constructor(setup: WorkerSetup) {
    this.#runsDir = setup.runsDir;
    this.#core = new WorkerCore(setup, (ordinal, buffer) => {
      this.#output = new QueuedOutput(ordinal, buffer);
      return this.#output;
    });
  }

  get depth(): number {
    return this.#depth;
  }

  send(request: WorkRequest, _transfer: ArrayBuffer[], onOutput: OutputHandler): Promise<AnswerReply> {
    this.#depth += 1;
    const answer = this.#tail.then(() => this.#carryOut(request, onOutput));
    this.#tail = answer.catch(() => {});
    return answer.finally(() => {
      this.#depth -= 1;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new PlimsollError("WORKER_LOST", { reason: "it was ended" });
    await this.#tail;
    if (this.#core === null) return;
    this.#core = null;
    // The kernel's memory goes back when its object is collected, and another may be about to be made.
    collectGarbage();
  }

  async #carryOut(request: WorkRequest, onOutput: OutputHandler): Promise<AnswerReply> {
    await immediate();
    try {
      if (this.#failure !== null || this.#core === null) throw this.#failure;
      const work = this.#core.answer(request);
      for (;;) {
        const step = work.next();
        for (const full of this.#output?.takeFull() ?? []) await onOutput(full);
        if (this.#failure !== null) throw this.#failure;
        if (step.done) return step.value;
      }
    } catch (error) {
      this.#failure ??= asDiskCondition(error, this.#runsDir);
      throw this.#failure;
    }
  }
}
