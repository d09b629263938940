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
  readonly id = randomUUID();
  readonly name: string;
  /** The options that the request gave, as it gave them: a resume has the same. */
  query: string;
  readonly createdAt = new Date();
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

  constructor(options: { name: string; query: string; bytesExpected: number | null }) {
    this.name = options.name;
    this.query = options.query;
    this.bytesExpected = options.bytesExpected;
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
    options.delete("fresh");
    this.query = options.toString();
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

  #thinTimeline(): void {
    this.#timeline = this.#timeline.filter((_, index) => index % 2 === 0);
    this.#timelineStepSeconds *= 2;
  }

  #tell(event: JobEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Jobs by their age, the oldest forgotten, the older ones without their details. */
export function forgetOldJobs(jobs: Map<string, ImportJob>, keptMax: number): void {
  const ended = [...jobs.values()].filter((job) => job.isEnded);
  for (const job of ended.slice(0, Math.max(0, ended.length - importsDetailedMax))) job.forgetDetails();
  for (const job of ended.slice(0, Math.max(0, jobs.size - keptMax))) jobs.delete(job.id);
}
