import type { Decision, Point } from "../api/types.js";
import { el, replace, setText, svg } from "../dom.js";
import { formatBytes, formatDuration } from "../format.js";

const widthMin = 240;
const height = 210;
const left = 62;
const right = 8;
const top = 14;
const bottom = 34;
const innerHeight = height - top - bottom;

interface Scale {
  /** Of the drawing, in pixels: text keeps its size on screens of any width. */
  width: number;
  x: (seconds: number) => number;
  y: (bytes: number) => number;
  secondsMax: number;
  bytesMax: number;
}

/** Memory by kind over time against the line, with a tick for each decision. */
export class MemoryChart {
  readonly element: HTMLElement;
  readonly #drawing: SVGElement;
  readonly #reading: HTMLElement;
  readonly #cursor: SVGElement;
  #points: readonly Point[] = [];
  #decisions: readonly Decision[] = [];
  #lineBytes = 0;
  #scale: Scale | null = null;
  #chosen: number | null = null;

  constructor() {
    this.#drawing = svg("svg", {
      height,
      role: "img",
      tabindex: 0,
      class: "chart",
      pointermove: (event) => this.#choosePlace(event as PointerEvent),
      pointerleave: () => this.#choose(null),
      blur: () => this.#choose(null),
      keydown: (event) => this.#chooseByKey(event as KeyboardEvent),
    });
    this.#cursor = svg("line", {
      class: "chart-cursor",
      y1: top,
      y2: top + innerHeight,
      visibility: "hidden",
    });
    this.#reading = el("p", { class: "chart-reading", "aria-live": "polite" });
    this.element = el("figure", { class: "memory" }, this.#legend(), this.#drawing, this.#reading);
    new ResizeObserver(() => this.#redraw()).observe(this.element);
  }

  draw(points: readonly Point[], decisions: readonly Decision[], lineBytes: number): void {
    this.#points = points;
    this.#decisions = decisions;
    this.#lineBytes = lineBytes;
    this.#redraw();
  }

  #redraw(): void {
    const points = this.#points;
    const lineBytes = this.#lineBytes;
    const scale = scaleOf(points, lineBytes, Math.max(widthMin, this.element.clientWidth));
    this.#scale = scale;
    const last = points.at(-1);
    this.#drawing.setAttribute("aria-label", labelOf(last, lineBytes));
    replace(
      this.#drawing,
      ...grid(scale),
      area(points, scale, "area-anon", () => 0, anonOf),
      area(points, scale, "area-file", anonOf, residentOf),
      curve(points, scale),
      ...ruler(scale, lineBytes),
      ...ticks(this.#decisions, scale),
      this.#cursor,
    );
    this.#choose(this.#chosen);
  }

  #legend(): HTMLElement {
    const entry = (kind: string, text: string) =>
      el("span", { class: "legend-entry" }, el("span", { class: `swatch ${kind}` }), text);
    return el(
      "figcaption",
      { class: "legend" },
      entry("swatch-anon", "anonymous"),
      entry("swatch-file", "mapped file pages"),
      entry("swatch-dirty", "dirty page cache"),
      entry("swatch-line", "the line"),
      entry("swatch-tick", "decisions"),
    );
  }

  #choosePlace(event: PointerEvent): void {
    if (this.#scale === null || this.#points.length === 0) return;
    const box = this.#drawing.getBoundingClientRect();
    const seconds =
      ((event.clientX - box.left - left) / innerWidth(this.#scale.width)) * this.#scale.secondsMax;
    this.#choose(nearest(this.#points, seconds));
  }

  #chooseByKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || this.#points.length === 0) return;
    event.preventDefault();
    const from = this.#chosen ?? this.#points.length - 1;
    this.#choose(Math.min(this.#points.length - 1, Math.max(0, from + step)));
  }

  #choose(at: number | null): void {
    this.#chosen = at;
    const point = this.#points[at ?? this.#points.length - 1];
    const isShown = at !== null && point !== undefined && this.#scale !== null;
    this.#cursor.setAttribute("visibility", isShown ? "visible" : "hidden");
    if (isShown) {
      const x = this.#scale!.x(point.seconds).toFixed(1);
      this.#cursor.setAttribute("x1", x);
      this.#cursor.setAttribute("x2", x);
    }
    // Only what a person points at is worth saying aloud: the latest values change twice a second.
    this.#reading.setAttribute("aria-live", isShown ? "polite" : "off");
    setText(this.#reading, point === undefined ? "No measurement yet." : readingOf(point));
  }
}

function scaleOf(points: readonly Point[], lineBytes: number, width: number): Scale {
  const secondsMax = Math.max(1, points.at(-1)?.seconds ?? 0);
  const highest = points.reduce(
    (most, point) => Math.max(most, residentOf(point), point.dirtyBytes),
    lineBytes,
  );
  const bytesMax = Math.max(1, highest * 1.12);
  return {
    width,
    secondsMax,
    bytesMax,
    x: (seconds) => left + (Math.min(seconds, secondsMax) / secondsMax) * innerWidth(width),
    y: (bytes) => top + innerHeight - (bytes / bytesMax) * innerHeight,
  };
}

function innerWidth(width: number): number {
  return width - left - right;
}

function anonOf(point: Point): number {
  return point.anonBytes;
}

function residentOf(point: Point): number {
  return point.anonBytes + point.fileBytes;
}

function grid(scale: Scale): SVGElement[] {
  const parts: SVGElement[] = [];
  const step = stepOf(scale.bytesMax, 4, 1024);
  for (let bytes = 0; bytes <= scale.bytesMax; bytes += step) {
    const y = scale.y(bytes);
    parts.push(svg("line", { class: "chart-grid", x1: left, x2: scale.width - right, y1: y, y2: y }));
    const label = bytes === 0 ? "0" : formatBytes(bytes);
    parts.push(svg("text", { class: "chart-label", x: left - 6, y: y + 3.5, "text-anchor": "end" }, label));
  }
  const seconds = stepOf(scale.secondsMax, innerWidth(scale.width) / 90, 10);
  for (let at = 0; at <= scale.secondsMax; at += seconds) {
    const anchor = at === 0 ? "start" : at > scale.secondsMax * 0.97 ? "end" : "middle";
    const place = { class: "chart-label", x: scale.x(at), y: height - 4, "text-anchor": anchor };
    parts.push(svg("text", place, formatDuration(at)));
  }
  return parts;
}

/** A round step of which about so many fit: 1, 2 or 5 times a power of the base's scale. */
function stepOf(most: number, count: number, base: 10 | 1024): number {
  const rough = most / count;
  let unit = 1;
  while (base === 1024 && unit * 1024 <= rough) unit *= 1024;
  const power = unit * 10 ** Math.floor(Math.log10(Math.max(rough / unit, 0.001)));
  const rounds = base === 1024 && unit > 1 ? [1, 2, 4, 5, 8, 10, 16, 32, 64] : [1, 2, 5, 10];
  return power * (rounds.find((round) => round * power >= rough) ?? 10);
}

function area(
  points: readonly Point[],
  scale: Scale,
  kind: string,
  low: (point: Point) => number,
  high: (point: Point) => number,
): SVGElement | null {
  if (points.length < 2) return null;
  const place = (value: (point: Point) => number) => (point: Point) =>
    `${scale.x(point.seconds).toFixed(1)},${scale.y(value(point)).toFixed(1)}`;
  const outline = [...points.map(place(high)), ...points.map(place(low)).reverse()];
  return svg("polygon", { class: kind, points: outline.join(" ") });
}

/** Dirty pages belong to the container and not to the process: they are no layer of what is resident. */
function curve(points: readonly Point[], scale: Scale): SVGElement | null {
  if (points.length < 2) return null;
  const places = points.map(
    (point) => `${scale.x(point.seconds).toFixed(1)},${scale.y(point.dirtyBytes).toFixed(1)}`,
  );
  return svg("polyline", { class: "curve-dirty", points: places.join(" ") });
}

function ruler(scale: Scale, lineBytes: number): SVGElement[] {
  if (lineBytes <= 0) return [];
  const y = scale.y(lineBytes);
  const text = `line ${formatBytes(lineBytes)}`;
  return [
    svg("line", { class: "chart-line", x1: left, x2: scale.width - right, y1: y, y2: y }),
    svg("text", { class: "chart-line-label", x: scale.width - right, y: y - 4, "text-anchor": "end" }, text),
  ];
}

function ticks(decisions: readonly Decision[], scale: Scale): SVGElement[] {
  const y = top + innerHeight + 3;
  return decisions
    .filter(({ t }) => t <= scale.secondsMax)
    .map(({ t, text }) => {
      const x = scale.x(t).toFixed(1);
      const title = svg("title", {}, `${formatDuration(t)}: ${text}`);
      return svg("line", { class: "chart-tick", x1: x, x2: x, y1: y, y2: y + 9 }, title);
    });
}

function nearest(points: readonly Point[], seconds: number): number {
  let best = 0;
  for (const [at, point] of points.entries()) {
    if (Math.abs(point.seconds - seconds) < Math.abs(points[best]!.seconds - seconds)) best = at;
  }
  return best;
}

function readingOf(point: Point): string {
  const kinds = [
    `anonymous ${formatBytes(point.anonBytes)}`,
    `mapped ${formatBytes(point.fileBytes)}`,
    `dirty ${formatBytes(point.dirtyBytes)}`,
  ];
  return `At ${formatDuration(point.seconds)}: ${kinds.join(", ")}`;
}

function labelOf(last: Point | undefined, lineBytes: number): string {
  const now = last === undefined ? "no measurement yet" : readingOf(last);
  return `Memory by kind against the line of ${formatBytes(lineBytes)}. ${now}. Arrow keys read other times.`;
}
