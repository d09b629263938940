import { getJson, post } from "../api/client.js";
import type { Decision, Job, Point } from "../api/types.js";
import { decisionsMax, jobsMax, pointsMax } from "../limits.js";

/** The import in view, with all that is known of it. */
export interface Watched {
  job: Job;
  points: Point[];
  decisions: Decision[];
}

export interface FeedListener {
  onJobs: (jobs: readonly Job[]) => void;
  onWatched: (watched: Watched) => void;
  /** An import came to its end while the page looked on. */
  onEnd: (job: Job) => void;
}

/** The imports as the server tells of them: the history, and the one that runs or ran last. */
export class ImportFeed {
  readonly #listener: FeedListener;
  #jobs: Job[] = [];
  #watched: Watched | null = null;
  /** Ends heard of so far: an answer that was on its way meanwhile tells of a time before. */
  #endsHeard = 0;

  constructor(listener: FeedListener) {
    this.#listener = listener;
  }

  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** All anew: after the page opens, and after each time that events may have been missed. */
  async refresh(): Promise<void> {
    const { imports } = await this.#getFresh<{ imports: Job[] }>("/api/imports");
    this.#jobs = imports.slice(0, jobsMax);
    this.#listener.onJobs(this.#jobs);
    const inView = this.#jobs.find(isActive) ?? this.#jobs.find(({ id }) => id === this.#watched?.job.id);
    const shown = inView ?? this.#jobs[0];
    if (shown !== undefined) await this.watch(shown.id);
  }

  /** Brings one import into view. */
  async watch(id: string): Promise<void> {
    const path = `/api/imports/${encodeURIComponent(id)}`;
    const { import: job } = await this.#getFresh<{ import: Job }>(path);
    this.#take(job);
    this.#show(job);
  }

  async #getFresh<Answer>(path: string): Promise<Answer> {
    for (;;) {
      const before = this.#endsHeard;
      const answer = await getJson<Answer>(path);
      if (before === this.#endsHeard) return answer;
    }
  }

  async cancel(id: string): Promise<void> {
    const response = await post(`/api/imports/${encodeURIComponent(id)}/cancel`, {});
    await response.body?.cancel();
  }

  /** One event of the stream. */
  hear(name: string, data: unknown): void {
    if (name === "import") this.#hearJob(data as Job);
    else if (name === "point") this.#hearPoint(data as Point);
    else if (name === "decision") this.#hearDecision(data as Decision);
    else if (name === "end") this.#hearEnd(data as Job | { import: Job });
  }

  #hearJob(job: Job): void {
    this.#take(job);
    const isOther = this.#watched?.job.id !== job.id;
    if (isOther && job.state === "running") this.#watched = { job, points: [], decisions: [] };
    if (this.#watched?.job.id !== job.id) return;
    this.#watched.job = { ...this.#watched.job, ...job };
    this.#listener.onWatched(this.#watched);
  }

  /** Points and decisions carry no id: imports run one at a time, and the one that runs is in view. */
  #hearPoint(point: Point): void {
    if (this.#watched?.job.state !== "running") return;
    const { points } = this.#watched;
    if (point.seconds <= (points.at(-1)?.seconds ?? -1)) return;
    points.push(point);
    // Every second one goes, as the server does with its own: the picture keeps the whole time.
    if (points.length > pointsMax) this.#watched.points = points.filter((_, index) => index % 2 === 0);
    this.#listener.onWatched(this.#watched);
  }

  #hearDecision(decision: Decision): void {
    if (this.#watched?.job.state !== "running") return;
    const { decisions } = this.#watched;
    decisions.push(decision);
    if (decisions.length > decisionsMax) decisions.shift();
    this.#listener.onWatched(this.#watched);
  }

  #hearEnd(data: Job | { import: Job }): void {
    const job = "import" in data ? data.import : data;
    this.#endsHeard++;
    this.#take(job);
    if (this.#watched === null || this.#watched.job.id === job.id || this.#watched.job.state !== "running") {
      this.#show(job);
    }
    this.#listener.onEnd(job);
  }

  #show(job: Job): void {
    const report = job.report ?? null;
    const points = job.timeline ?? report?.memory.timeline ?? [];
    const decisions = job.decisions ?? [];
    this.#watched = { job, points: points.slice(-pointsMax), decisions: decisions.slice(-decisionsMax) };
    this.#listener.onWatched(this.#watched);
  }

  #take(job: Job): void {
    const at = this.#jobs.findIndex(({ id }) => id === job.id);
    if (at < 0) this.#jobs = [job, ...this.#jobs].slice(0, jobsMax);
    else {
      const before = this.#jobs[at];
      this.#jobs[at] = { ...before, ...job };
      // The history shows states and counts at the end: it is drawn again only when one of them changes.
      if (before?.state === job.state) return;
    }
    this.#listener.onJobs(this.#jobs);
  }
}

export function isActive(job: Job): boolean {
  return job.state === "running" || job.state === "queued";
}

/** An import that goes on at its checkpoint when its file is sent again. */
export function isResumable(job: Job): boolean {
  return job.state === "interrupted" || job.state === "cancelled" || job.state === "failed";
}
