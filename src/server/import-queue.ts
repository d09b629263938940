import { importsKeptMax, importsQueuedMax, PlimsollError } from "../kernel/index.js";
import type { FailureText } from "./failure.js";
import { forgetOldJobs, ImportJob, type JobEvent, resumableStates } from "./import-job.js";
import type { ImportStop, StopReason } from "./import-stop.js";
import type { JobHistory } from "./job-history.js";

/** Does the work of a job, and ends it; never throws. */
export type JobWork = (job: ImportJob, stop: ImportStop) => Promise<void>;

interface Waiting {
  job: ImportJob;
  stop: ImportStop;
  work: JobWork;
}

/** Imports one after another, in order of arrival, and what is remembered of them. */
export class ImportQueue {
  readonly #jobs = new Map<string, ImportJob>();
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<(job: ImportJob, event: JobEvent) => void>();
  readonly #failureOfStop: (reason: StopReason, name: string) => FailureText;
  #current: Waiting | null = null;
  #running: Promise<void> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  readonly #history: JobHistory;
  readonly #before: () => Promise<void>;

  constructor(options: {
    /** What goes first when an import's turn has come; never throws. */
    before: () => Promise<void>;
    failureOfStop: (reason: StopReason, name: string) => FailureText;
    history: JobHistory;
  }) {
    this.#failureOfStop = options.failureOfStop;
    this.#history = options.history;
    this.#before = options.before;
    const failureOfEnd = (name: string) =>
      this.#failureOfStop({ kind: "broken", text: "its server ended" }, name);
    for (const kept of this.#history.load()) this.#remember(ImportJob.restore(kept, failureOfEnd));
    this.#forgetOld();
  }

  get isRunning(): boolean {
    return this.#current !== null;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** The newest first. */
  get jobs(): ImportJob[] {
    return [...this.#jobs.values()].reverse();
  }

  get(id: string): ImportJob {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new PlimsollError("IMPORT_UNKNOWN", { id: id.slice(0, 64) });
    return job;
  }

  /** Everything that happens to any job. */
  listen(listener: (job: ImportJob, event: JobEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A new job at the end of the queue. */
  add(options: ConstructorParameters<typeof ImportJob>[0]): ImportJob {
    this.#assertRoom();
    const job = new ImportJob(options);
    this.#remember(job);
    this.#history.write(job.kept());
    this.#forgetOld();
    return job;
  }

  assertResumable(id: string): ImportJob {
    const job = this.get(id);
    if (resumableStates.includes(job.state)) return job;
    const mend = job.isEnded ? "There is nothing left to do" : "Wait until it has ended, or cancel it";
    throw new PlimsollError("IMPORT_STATE", { id, state: job.state, mend });
  }

  /** A job that stopped, at the end of the queue once more. */
  renew(id: string, bytesExpected: number | null): ImportJob {
    const job = this.assertResumable(id);
    this.#assertRoom();
    // Remembered by its age: it is the newest again.
    this.#jobs.delete(id);
    this.#jobs.set(id, job);
    job.renew(bytesExpected);
    return job;
  }

  /** Settles when the job has ended. */
  async run(job: ImportJob, stop: ImportStop, work: JobWork): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      const unlisten = job.listen((event) => {
        if (event.kind !== "end") return;
        unlisten();
        resolve();
      });
    });
    const waiting = { job, stop, work };
    this.#waiting.push(waiting);
    stop.onStop(() => this.#leave(waiting));
    void this.#next();
    await ended;
  }

  /** Work that must have the store to itself, between two imports; nobody sees it as a job. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  cancel(id: string): ImportJob {
    const job = this.get(id);
    if (job.isEnded) {
      throw new PlimsollError("IMPORT_STATE", { id, state: job.state, mend: "There is nothing to cancel" });
    }
    const found = [this.#current, ...this.#waiting].find((entry) => entry?.job === job);
    found?.stop.now({ kind: "cancelled" });
    return job;
  }

  /** Everything stops at a checkpoint; settles when it has. Whether an import was interrupted by that. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    const stopped = [this.#current, ...this.#waiting].flatMap((entry) => entry?.job ?? []);
    for (const { stop } of [...this.#waiting]) stop.now({ kind: "stopping" });
    this.#current?.stop.now({ kind: "stopping" });
    await this.#running;
    return stopped.some(({ state }) => state === "interrupted");
  }

  /** Kept before anybody hears of it: what a client was told of is there after a crash. */
  #remember(job: ImportJob): void {
    this.#jobs.set(job.id, job);
    job.listen((event) => {
      if (event.kind === "state") this.#history.write(job.kept());
      for (const listener of [...this.#listeners]) listener(job, event);
    });
  }

  #forgetOld(): void {
    for (const id of forgetOldJobs(this.#jobs, importsKeptMax)) this.#history.remove(id);
  }

  #assertRoom(): void {
    if (this.#isClosed) throw new PlimsollError("SERVER_STOPPING");
    if (this.#waiting.length >= importsQueuedMax) {
      throw new PlimsollError("SERVER_BUSY", { what: "one more import" });
    }
  }

  async #next(): Promise<void> {
    if (this.#current !== null) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    this.#current = waiting;
    const { job, stop, work } = waiting;
    this.#running = this.#before().then(() => this.exclusively(() => work(job, stop)));
    await this.#running;
    this.#current = null;
    this.#forgetOld();
    void this.#next();
  }

  /** Stopped before its turn came. */
  #leave(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    const { job, stop } = waiting;
    const reason = stop.reason!;
    job.end(stateOf(reason), this.#failureOfStop(reason, job.name), null);
  }
}

export function stateOf(reason: StopReason): "cancelled" | "interrupted" {
  return reason.kind === "cancelled" ? "cancelled" : "interrupted";
}
