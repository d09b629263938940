// What memory buys: records a second against the line, and how much of the line was used.
import { countText, sizeText } from "../lib/sizes.js";
import * as svg from "../lib/svg.js";

const { ink } = svg;
const width = 860;
const left = 76;
const right = 30;
const colors = [ink.anon, ink.dirty, ink.group];

/** `series` are lists of runs at rising lines: [{ title, runs }]. */
export function ratePlot(series) {
  const lines = [...new Set(series.flatMap(({ runs }) => runs.map((run) => run.lineBytes)))].sort(
    (a, b) => a - b,
  );
  const [low, high] = [Math.log2(lines[0]), Math.log2(lines.at(-1))];
  const scale = (bytes) => (high === low ? 0.5 : (Math.log2(bytes) - low) / (high - low));
  const place = { left, width: width - left - right, xMax: 1 };
  const pointsOf = (runs, pick) => runs.map((run) => [scale(run.lineBytes), pick(run)]);
  const rate = { ...place, top: 96, height: 210, yMax: topOf(series, (run) => run.recordsPerSecond) };
  const used = { ...place, top: 350, height: 110, yMax: 100 };
  const percent = (run) => (100 * run.vmHwmBytes) / run.lineBytes;
  const key = series.map(({ title }, at) => ({
    label: title,
    color: colors[at % colors.length],
    isCurve: true,
  }));
  return svg.drawing(width, used.top + used.height + 42, [
    svg.text(left, 26, "What memory buys: rate against the line, inside a cgroup of its size", {
      size: 16,
      weight: 700,
    }),
    svg.legend(left, 54, width - left - right, key).parts,
    svg.verticalScale(rate, {
      title: "records a second",
      label: (value) => (value === 0 ? "0" : `${countText(value / 1000)}k`),
    }),
    svg.verticalScale(used, {
      title: "peak memory, percent of the line",
      label: (value) => `${value}%`,
      steps: 4,
    }),
    lines.map((bytes) => ticks(used, rate, scale(bytes), bytes)),
    series.map(({ runs }, at) => [
      dotted(
        rate,
        pointsOf(runs, (run) => run.recordsPerSecond),
        colors[at % colors.length],
      ),
      dotted(used, pointsOf(runs, percent), colors[at % colors.length]),
    ]),
    svg.ruler(used, 100, "the line"),
  ]);
}

function topOf(series, pick) {
  return svg.niceTop(Math.max(1, ...series.flatMap(({ runs }) => runs.map(pick))));
}

function ticks(used, rate, at, bytes) {
  const place = svg.x(used, at);
  const bottom = used.top + used.height;
  return [
    svg.stroke(place, rate.top, place, rate.top + rate.height, ink.grid),
    svg.stroke(place, used.top, place, bottom + 4, ink.grid),
    svg.text(place, bottom + 18, sizeText(bytes).replace(" MiB", ""), { anchor: "middle", fill: ink.faint }),
  ];
}

function dotted(panel, points, color) {
  return [
    svg.curve(panel, points, color, 'stroke-width="2"'),
    points.map(
      ([at, value]) =>
        `<circle cx="${svg.x(panel, at)}" cy="${svg.y(panel, value)}" r="3.6" fill="${color}"/>`,
    ),
  ];
}
