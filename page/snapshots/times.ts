import { formatDuration, formatTime } from "../format.js";

/** Times of one answer, told from the moment at which the server gave it: its clock may be another one. */
export class Times {
  readonly #nowMs: number;

  constructor(at: string) {
    this.#nowMs = Date.parse(at);
  }

  /** "12 s ago", or "never". */
  ago(time: string | null): string {
    if (time === null) return "never";
    const seconds = (this.#nowMs - Date.parse(time)) / 1000;
    return seconds < 1 ? "now" : `${span(seconds)} ago`;
  }

  /** "in 12 s". */
  until(time: string | null): string {
    if (time === null) return "now";
    const seconds = (Date.parse(time) - this.#nowMs) / 1000;
    return seconds < 1 ? "now" : `in ${span(seconds)}`;
  }

  /** "12 s". */
  since(time: string): string {
    return span((this.#nowMs - Date.parse(time)) / 1000);
  }

  /** For those who want it exactly. */
  exactly(time: string | null): string {
    return time === null ? "" : formatTime(time);
  }
}

function span(seconds: number): string {
  const day = 86_400;
  return seconds >= 2 * day
    ? `${Math.floor(seconds / day)} days`
    : formatDuration(Math.max(0, Math.round(seconds)));
}
