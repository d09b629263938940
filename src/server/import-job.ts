import { randomUUID } from "node:crypto";
import {
  importsDetailedMax,
  jobDecisionsMax,
  jobNoticesMax,
  jobTextLengthMax,
  jobTimelinePointsMax,
} from "../kernel/index.js";
import type { ImportProgress, ImportReport } from "../pipeline/index.js";
import type { FailureText } from "./failure.js";

export type JobState = "queued" | "running" | "complete" | "failed" | "cancelled" | "interrupted";

/** States from which the same bytes, sent again, go on. */
export const resumableStates: readonly JobState[] = ["failed", "cancelled", "interrupted"];

export interface JobPoint {
  seconds: number;
  anonBytes: number;
  fileBytes: number;
  dirtyBytes: number;
  records: number;
}

export interface JobDecision {
  t: number;
  text: string;
  [more: string]: string | number;
}

export interface JobSummary {
  id: string;
  name: string;
  state: JobState;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  bytesExpected: number | null;
  progress: ImportProgress | null;
  memory: { lineBytes: number; shares: Record<string, number> } | null;
  notices: string[];
  error: FailureText | null;
}

export interface JobDetails extends JobSummary {
  timeline: JobPoint[];
  decisions: JobDecision[];
  report: ImportReport | null;
}

/** A job as it is kept for the next server: what clients see, and what a resume needs. */
export interface KeptJob extends JobDetails {
  query: string;
  queuedAt: string;
}

export type JobEvent =
  | { kind: "state" }
  | { kind: "progress" }
  | { kind: "notice"; text: string }
  | { kind: "point"; point: JobPoint }
  | { kind: "decision"; decision: JobDecision }
  | { kind: "end" };

/**
 * One import as clients see it: what was asked for, how far it is, how it ended. All its lists are bounded.
 */
export class ImportJob {
  readonly id: string;
  readonly name: string;
  /** The options that the request gave, as it gave them: a resume has the same. */
  query: string;
  readonly createdAt: Date;
  /** When it was put into the queue last: jobs are remembered in this order. */
  queuedAt = new Date();
  state: JobState = "queued";
  startedAt: Date | null = null;
  endedAt: Date | null = null;
  bytesExpected: number | null;
  progress: ImportProgress | null = null;
  memory: JobSummary["memory"] = null;
  notices: string[] = [];
  report: ImportReport | null = null;
  error: FailureText | null = null;
  #timeline: JobPoint[] = [];
  #timelineStepSeconds = 0.25;
  #decisions: JobDecision[] = [];
  readonly #listeners = new Set<(event: JobEvent) => void>();

  constructor(options: {
    name: string;
    query: string;
    bytesExpected: number | null;
    id?: string;
    createdAt?: Date;
  }) {
    this.id = options.id ?? randomUUID();
    this.name = options.name;
    this.query = options.query;
    this.bytesExpected = options.bytesExpected;
    this.createdAt = options.createdAt ?? this.queuedAt;
  }

  /** A job of a former server. One that had not ended then was interrupted by that server's end. */
  static restore(kept: KeptJob, failureOfEnd: (name: string) => FailureText): ImportJob {
    const dateOf = (text: string | null) => (text === null ? null : new Date(text));
    const job = new ImportJob({ ...kept, createdAt: new Date(kept.createdAt) });
    const { state, progress, memory, notices, report, error, timeline, decisions } = kept;
    Object.assign(job, { state, progress, memory, notices, report, error });
    job.queuedAt = new Date(kept.queuedAt);
    job.startedAt = dateOf(kept.startedAt);
    job.endedAt = dateOf(kept.endedAt);
    job.#timeline = timeline;
    job.#decisions = decisions;
    if (!job.isEnded) {
      job.state = "interrupted";
      job.error = failureOfEnd(job.name);
    }
    return job;
  }

  get isEnded(): boolean {
    return this.state !== "queued" && this.state !== "running";
  }

  /** Tells of everything from now on; the answer ends it. */
  listen(listener: (event: JobEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Back in the queue, to go on where it stopped. */
  renew(bytesExpected: number | null): void {
    // An import that was to begin anew has begun: it goes on now.
    const options = new URLSearchParams(this.query);
    if (this.startedAt !== null) options.delete("fresh");
    this.query = options.toString();
    this.queuedAt = new Date();
    this.bytesExpected = bytesExpected;
    this.endedAt = null;
    this.progress = null;
    this.report = null;
    this.error = null;
    this.#timeline = [];
    this.#timelineStepSeconds = 0.25;
    this.#decisions = [];
    this.become("queued");
  }

  become(state: JobState): void {
    this.state = state;
    if (state === "running") this.startedAt = new Date();
    this.#tell({ kind: "state" });
  }

  end(state: JobState, error: FailureText | null, report: ImportReport | null): void {
    this.error = error;
    this.report = report;
    this.endedAt = new Date();
    this.become(state);
    this.#tell({ kind: "end" });
  }

  showProgress(progress: ImportProgress): void {
    this.progress = progress;
    this.#tell({ kind: "progress" });
    const last = this.#timeline.at(-1);
    const isDue = last === undefined || progress.elapsedSeconds - last.seconds >= this.#timelineStepSeconds;
    if (!isDue) return;
    if (this.#timeline.length >= jobTimelinePointsMax) this.#thinTimeline();
    const { anonBytes, fileBytes, dirtyBytes, recordsRead: records } = progress;
    const point = { seconds: progress.elapsedSeconds, anonBytes, fileBytes, dirtyBytes, records };
    this.#timeline.push(point);
    this.#tell({ kind: "point", point });
  }

  notice(text: string): void {
    const short = text.slice(0, jobTextLengthMax);
    this.notices.push(short);
    if (this.notices.length > jobNoticesMax) this.notices.shift();
    this.#tell({ kind: "notice", text: short });
  }

  decide(decision: JobDecision): void {
    this.#decisions.push(decision);
    if (this.#decisions.length > jobDecisionsMax) this.#decisions.shift();
    this.#tell({ kind: "decision", decision });
  }

  /** An old job keeps its summary. */
  forgetDetails(): void {
    this.#timeline = [];
    this.#decisions = [];
    this.report = null;
  }

  summary(): JobSummary {
    const { id, name, state, bytesExpected, progress, memory, notices, error } = this;
    return {
      id,
      name,
      state,
      createdAt: this.createdAt.toISOString(),
      startedAt: this.startedAt?.toISOString() ?? null,
      endedAt: this.endedAt?.toISOString() ?? null,
      bytesExpected,
      progress,
      memory,
      notices,
      error,
    };
  }

  details(): JobDetails {
    return {
      ...this.summary(),
      timeline: this.#timeline,
      decisions: this.#decisions,
      report: this.report,
    };
  }

  kept(): KeptJob {
    return { ...this.details(), query: this.query, queuedAt: this.queuedAt.toISOString() };
  }

  #thinTimeline(): void {
    this.#timeline = this.#timeline.filter((_, index) => index % 2 === 0);
    this.#timelineStepSeconds *= 2;
  }

  #tell(event: JobEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Jobs by their age, the oldest forgotten, the older ones without their details; the ids that are gone. */
export function forgetOldJobs(jobs: Map<string, ImportJob>, keptMax: number): string[] {
  const ended = [...jobs.values()].filter((job) => job.isEnded);
  for (const job of ended.slice(0, Math.max(0, ended.length - importsDetailedMax))) job.forgetDetails();
  const gone = ended.slice(0, Math.max(0, jobs.size - keptMax)).map(({ id }) => id);
  for (const id of gone) jobs.delete(id);
  return gone;
}
