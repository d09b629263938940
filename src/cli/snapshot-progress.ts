import { formatBytes, systemClock } from "../kernel/index.js";
import { formatCount, formatDuration } from "./format.js";
import type { CommandHost } from "./host.js";
import type { ProgressMode } from "./progress.js";

/** What a command about snapshots is doing, and how far it is. */
export interface SnapshotProgress {
  /** What is done now: capture, merge, push, pull. */
  work: string;
  /** Which database or snapshot. */
  name: string;
  done: number;
  /** Null where nobody knows before. */
  total: number | null;
  /** What is counted: entries, parts. */
  unit: string;
  bytes: number;
}

const intervalMs = { bar: 100, line: 2000, json: 500 } as const;

/** One line of progress with rate and memory, as often as the way of showing it can bear. */
export class SnapshotProgressDisplay {
  readonly #host: CommandHost;
  readonly #lineBytes: number;
  readonly #way: "bar" | "line" | "json" | "none";
  #shownAtMs: number;
  #begun: { work: string; name: string; atMs: number; done: number } | null = null;
  #isOnScreen = false;

  constructor(host: CommandHost, lineBytes: number) {
    const mode = (host.values.text("progress") ?? "auto") as ProgressMode;
    this.#host = host;
    this.#lineBytes = lineBytes;
    this.#way = mode === "auto" ? (process.stderr.isTTY === true ? "bar" : "line") : mode;
    this.#shownAtMs = systemClock.nowMs();
  }

  show(progress: SnapshotProgress): void {
    if (this.#way === "none") return;
    const nowMs = systemClock.nowMs();
    if (this.#begun?.work !== progress.work || this.#begun.name !== progress.name) {
      this.#begun = { work: progress.work, name: progress.name, atMs: nowMs, done: progress.done };
    }
    if (nowMs - this.#shownAtMs < intervalMs[this.#way]) return;
    this.#shownAtMs = nowMs;
    const seconds = (nowMs - this.#begun.atMs) / 1000;
    const rate = seconds > 0 ? Math.round((progress.done - this.#begun.done) / seconds) : 0;
    const rssBytes = process.memoryUsage.rss();
    if (this.#way === "json") {
      const told = { ...progress, perSecond: rate, rssBytes, lineBytes: this.#lineBytes };
      this.#host.note(`${JSON.stringify(told)}\n`);
      return;
    }
    const text = [...factsOf(progress, rate, seconds), this.#memoryText(rssBytes)].join(", ");
    if (this.#way === "line") this.#host.note(`${text}\n`);
    else {
      const columns = (process.stderr.columns ?? 80) - 1;
      this.#host.note(`\r${text.slice(0, columns)}\u001b[K`);
      this.#isOnScreen = true;
    }
  }

  /** A line that stays. */
  notice(text: string): void {
    this.finish();
    this.#host.note(`${text}\n`);
  }

  finish(): void {
    if (this.#isOnScreen) this.#host.note("\r\u001b[K");
    this.#isOnScreen = false;
  }

  #memoryText(rssBytes: number): string {
    return `memory ${formatBytes(rssBytes)} of ${formatBytes(this.#lineBytes)}`;
  }
}

function factsOf(progress: SnapshotProgress, rate: number, seconds: number): string[] {
  const { work, name, done, total, unit, bytes } = progress;
  const fraction = total === null || total === 0 ? null : Math.min(1, done / total);
  const percent = fraction === null ? "" : ` ${Math.floor(fraction * 100)}%`;
  const facts = [
    `${work} ${name}${percent}`,
    `${formatCount(done)} ${unit}`,
    `${formatCount(rate)}/s`,
    formatBytes(bytes),
  ];
  if (fraction !== null && fraction > 0)
    facts.push(`${formatDuration((seconds / fraction) * (1 - fraction))} left`);
  return facts;
}
