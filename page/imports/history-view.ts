import type { Job } from "../api/types.js";
import { byId, el, replace } from "../dom.js";
import { formatBytes, formatCount, formatDuration, formatTime } from "../format.js";
import { isResumable } from "./feed.js";
import { stateLabel } from "./state-label.js";

export interface HistoryHost {
  onShow: (job: Job) => void;
  /** The file of this import is to be chosen again. */
  onResume: (job: Job) => void;
}

/** The imports that the server remembers, newest first. */
export class HistoryView {
  readonly #host: HistoryHost;

  constructor(host: HistoryHost) {
    this.#host = host;
  }

  show(jobs: readonly Job[]): void {
    byId("history-none").hidden = jobs.length > 0;
    replace(byId("history"), ...jobs.map((job) => this.#row(job)));
  }

  #row(job: Job): HTMLElement {
    const open = el(
      "button",
      { type: "button", class: "link", dir: "auto", click: () => this.#host.onShow(job) },
      job.name,
    );
    const resume = isResumable(job)
      ? el(
          "button",
          { type: "button", class: "quiet", click: () => this.#host.onResume(job) },
          "Choose the file and go on",
        )
      : null;
    return el(
      "li",
      {},
      el("div", { class: "history-head" }, open, stateLabel(job.state)),
      el("p", { class: "faint" }, summaryOf(job)),
      resume,
    );
  }
}

function summaryOf(job: Job): string {
  const records = job.report?.records.read ?? job.progress?.recordsRead ?? null;
  const parts = [formatTime(job.createdAt)];
  if (records !== null) parts.push(`${formatCount(records)} records`);
  if (job.bytesExpected !== null) parts.push(formatBytes(job.bytesExpected));
  if (job.startedAt !== null && job.endedAt !== null) {
    parts.push(formatDuration((Date.parse(job.endedAt) - Date.parse(job.startedAt)) / 1000));
  }
  return parts.join(" · ");
}
