import { systemClock } from "../kernel/index.js";
import type { ImportPhase, ImportProgress } from "../pipeline/index.js";
import type { CommandHost } from "./host.js";
import { type PlanPosition, renderBar, renderLine } from "./progress-bar.js";

export type ProgressMode = "auto" | "bar" | "json" | "none";

/** Where progress goes: stderr, or a list in a test. */
export interface ProgressOutput {
  isTerminal: boolean;
  columns: () => number;
  write: (text: string) => void;
  nowMs: () => number;
}

const intervalMs = { bar: 100, line: 2000, json: 500 } as const;

export function progressDisplay(host: CommandHost): ProgressDisplay {
  return new ProgressDisplay((host.values.text("progress") ?? "auto") as ProgressMode, {
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    write: host.note,
    nowMs: () => systemClock.nowMs(),
  });
}

/** Shows progress as it comes, no more often than the way of showing it can bear. */
export class ProgressDisplay {
  readonly #output: ProgressOutput;
  readonly #way: "bar" | "line" | "json" | "none";
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #phase: ImportPhase | null = null;
  #linesOnScreen = 0;
  #latest: ImportProgress | null = null;
  #isShown = true;
  /** Where in a plan the import stands; null for one of its own. */
  #position: PlanPosition | null = null;

  constructor(mode: ProgressMode, output: ProgressOutput) {
    this.#output = output;
    this.#way = mode === "auto" ? (output.isTerminal ? "bar" : "line") : mode;
    // The first log line comes after one interval: a short import needs none.
    if (this.#way === "line") this.#shownAtMs = output.nowMs();
  }

  show(progress: ImportProgress, position: PlanPosition | null = null): void {
    if (this.#way === "none") return;
    this.#latest = progress;
    this.#position = position;
    this.#isShown = false;
    const isNewPhase = this.#phase !== null && this.#phase !== progress.phase && this.#way !== "line";
    this.#phase = progress.phase;
    if (isNewPhase || this.#output.nowMs() - this.#shownAtMs >= intervalMs[this.#way]) this.#draw(progress);
  }

  /** A line between the progress, which stays on the screen. */
  notice(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
    if (this.#way === "bar" && this.#latest !== null) this.#draw(this.#latest);
  }

  /** The last state is shown to machines and taken off the screen of people, who get the summary. */
  finish(): void {
    if (this.#way === "json" && this.#latest !== null && !this.#isShown) this.#draw(this.#latest);
    this.#clear();
    this.#latest = null;
  }

  #draw(progress: ImportProgress): void {
    this.#shownAtMs = this.#output.nowMs();
    this.#isShown = true;
    const position = this.#position;
    if (this.#way === "json") {
      const told = position === null ? progress : { ...progress, plan: position };
      this.#output.write(`${JSON.stringify(told)}\n`);
    } else if (this.#way === "line") this.#output.write(`${renderLine(progress, position)}\n`);
    else if (this.#way === "bar") this.#redraw(renderBar(progress, this.#output.columns(), position));
  }

  #redraw(lines: string[]): void {
    this.#output.write(`${this.#home()}${lines.map((line) => `${line}\u001b[K`).join("\n")}\n`);
    this.#linesOnScreen = lines.length;
  }

  #clear(): void {
    if (this.#linesOnScreen === 0) return;
    this.#output.write(`${this.#home()}\u001b[J`);
    this.#linesOnScreen = 0;
  }

  #home(): string {
    return this.#linesOnScreen === 0 ? "" : `\u001b[${this.#linesOnScreen}A\r`;
  }
}
