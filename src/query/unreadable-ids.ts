import { verifyFaultsMax } from "../kernel/index.js";

/** Spans of ids in order; when there are too many the last one grows, and less is compared. */
export class UnreadableIds {
  readonly spans: { start: number; end: number }[] = [];

  get isEmpty(): boolean {
    return this.spans.length === 0;
  }

  add(start: number, end: number): void {
    const last = this.spans.at(-1);
    const isNear = last !== undefined && (last.end === start || this.spans.length >= verifyFaultsMax);
    if (isNear) last.end = Math.max(last.end, end);
    else this.spans.push({ start, end });
  }

  has(id: number): boolean {
    return this.spans.some((span) => id >= span.start && id < span.end);
  }
}
