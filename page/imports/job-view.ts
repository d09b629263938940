import { problemOf } from "../api/failure.js";
import type { Decision, Job, Progress } from "../api/types.js";
import { byId, el, replace, setText } from "../dom.js";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../format.js";
import { noticesMax } from "../limits.js";
import { announce } from "../shell/announce.js";
import { problemBox } from "../shell/problem-box.js";
import { type ImportFeed, isActive, type Watched } from "./feed.js";
import { MemoryChart } from "./memory-chart.js";
import { type Beginning, paceOf } from "./pace.js";
import { reportView } from "./report-view.js";
import { stateLabel } from "./state-label.js";

const phases = [
  ["read", "Read"],
  ["merge", "Merge"],
  ["seal", "Seal"],
] as const;

/** The import in view: how far it is, its memory, what the governor did, and how it ended. */
export class JobView {
  readonly #feed: ImportFeed;
  readonly #isSentHere: (job: Job) => boolean;
  readonly #chart = new MemoryChart();
  readonly #bar = byId<HTMLProgressElement>("job-bar");
  #watched: Watched | null = null;
  #drawnState = "";
  #decisionsDrawn: Decision | undefined;
  #begun: { id: string; at: Beginning } | null = null;
  #announced = "";
  #isDue = false;

  /** An import whose file is on its way from here is cancelled together with its upload. */
  constructor(feed: ImportFeed, isSentHere: (job: Job) => boolean) {
    this.#feed = feed;
    this.#isSentHere = isSentHere;
    replace(byId("job-chart"), this.#chart.element);
    byId("cancel-job").addEventListener("click", () => void this.#cancel());
  }

  /** Draws at the next frame: points and decisions come in bursts. */
  show(watched: Watched): void {
    this.#watched = watched;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#watched === null) return;
    const { job, points, decisions } = this.#watched;
    byId("job").hidden = false;
    byId("job-none").hidden = true;
    setText(byId("job-name"), job.name);
    this.#drawState(job);
    if (isActive(job)) this.#drawProgress(job);
    const lineBytes = job.memory?.lineBytes ?? job.progress?.lineBytes ?? job.report?.memory.lineBytes ?? 0;
    byId("job-memory").hidden = points.length === 0 && !isActive(job);
    this.#chart.draw(points, decisions, lineBytes);
    this.#drawDecisions(decisions);
  }

  #drawState(job: Job): void {
    byId("job-live").hidden = !isActive(job);
    byId("cancel-job").hidden = !isActive(job) || this.#isSentHere(job);
    const drawn = `${job.id} ${job.state} ${job.report ? "told" : ""} ${job.notices?.length}`;
    if (drawn === this.#drawnState) return;
    this.#drawnState = drawn;
    replace(byId("job-state"), stateLabel(job.state));
    const notices = (job.notices ?? []).slice(0, noticesMax);
    replace(byId("job-notices"), ...notices.map((notice) => el("li", { dir: "auto" }, notice)));
    replace(byId("job-report"), isActive(job) ? null : reportView(job));
    const news = `Import of ${job.name}: ${job.state}`;
    if (news !== this.#announced) announce(news);
    this.#announced = news;
  }

  #drawProgress(job: Job): void {
    const { progress } = job;
    const phase = job.state === "queued" ? null : (progress?.phase ?? "read");
    this.#drawPhases(phase);
    const pace = progress === null ? null : this.#pace(job, progress);
    const fraction = pace?.fraction ?? null;
    if (fraction === null) this.#bar.removeAttribute("value");
    else this.#bar.value = fraction;
    const percent = fraction === null ? "–" : formatPercent(fraction);
    setText(byId("job-percent"), job.state === "queued" ? "waits for its turn" : percent);
    for (const [id, text] of progress === null ? [] : factsOf(job, progress)) setText(byId(id), text);
    setText(byId("job-eta"), pace?.etaSeconds == null ? "–" : formatDuration(pace.etaSeconds));
    byId("job-rejects").classList.toggle("warn", (progress?.rejects ?? 0) > 0);
  }

  #pace(job: Job, progress: Progress): Pick<Progress, "fraction" | "etaSeconds"> {
    const isNew = this.#begun?.id !== job.id || progress.elapsedSeconds < this.#begun.at.elapsedSeconds;
    if (isNew) this.#begun = { id: job.id, at: progress };
    return paceOf(job, progress, this.#begun!.at);
  }

  #drawPhases(current: Progress["phase"] | null): void {
    const at = phases.findIndex(([name]) => name === current);
    for (const [index, [name]] of phases.entries()) {
      const step = byId(`phase-${name}`);
      const place = current === null || index > at ? "ahead" : index < at ? "done" : "current";
      if (step.dataset.place === place) continue;
      step.dataset.place = place;
      if (place === "current") step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
  }

  #drawDecisions(decisions: readonly Decision[]): void {
    const list = byId("decisions");
    setText(byId("decisions-count"), decisions.length === 0 ? "" : ` (${decisions.length})`);
    byId("decisions-none").hidden = decisions.length > 0;
    const latest = decisions.at(-1);
    if (latest === this.#decisionsDrawn && list.childElementCount === decisions.length) return;
    this.#decisionsDrawn = latest;
    const rows = decisions.map(({ t, text }) =>
      el("li", {}, el("span", { class: "time" }, formatDuration(t)), el("span", { dir: "auto" }, text)),
    );
    replace(list, ...rows.reverse());
  }

  async #cancel(): Promise<void> {
    const job = this.#watched?.job;
    if (job === undefined) return;
    try {
      await this.#feed.cancel(job.id);
      announce("The import ends at its next checkpoint.");
    } catch (error) {
      replace(byId("upload-problem"), problemBox(problemOf(error)));
    }
  }
}

function factsOf(job: Job, progress: Progress): [id: string, text: string][] {
  const bytesTotal = progress.bytesTotal ?? job.bytesExpected;
  const total = bytesTotal === null ? "" : ` of ${formatBytes(bytesTotal)}`;
  return [
    ["job-records", formatCount(progress.recordsRead)],
    ["job-rate", `${formatCount(progress.recordsPerSecond)}/s`],
    ["job-bytes", formatBytes(progress.bytesRead)],
    ["job-bytes-of", `read${total}`],
    ["job-rejects", formatCount(progress.rejects)],
    ["job-elapsed", formatDuration(progress.elapsedSeconds)],
  ];
}
