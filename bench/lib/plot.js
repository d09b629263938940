// The picture of one import: memory by kind against the line, what the governor did, and the rate, over the same seconds.
import { countText, sizeText } from "./sizes.js";
import * as svg from "./svg.js";

const { ink } = svg;
const width = 860;
const left = 106;
const right = 20;
const panelWidth = width - left - right;
const memoryHeight = 230;
const rateHeight = 120;
const laneHeight = 17;
const lanesMax = 7;
const marksMax = 400;
const wordsSize = 10.5;

/**
 * `run` is an entry of a result file; `fit` is a straight line to draw over the memory.
 * @param {{ points: (readonly [number, number])[], label: string } | null} fit
 */
export function importPlot(run, heading, fit = null) {
  const seconds = secondsOf(run);
  const parts = [svg.text(left, 26, heading, { size: 16, weight: 700 })];
  parts.push(svg.text(left, 46, factsOf(run), { fill: ink.faint }));
  const key = svg.legend(left, 68, panelWidth, memoryKey(run.cgroup !== null));
  parts.push(key.parts);
  const memory = memoryPanel(run, {
    left,
    top: 68 + key.height + 20,
    width: panelWidth,
    height: memoryHeight,
  });
  parts.push(svg.verticalScale(memory, { title: "memory, MiB", label: countText }));
  parts.push(memoryCurves(memory, run), fit === null ? [] : fitted(memory, fit));
  parts.push(svg.ruler(memory, run.lineBytes / 2 ** 20, `line ${sizeText(run.lineBytes)}`));
  const lanes = lanesOf(run);
  const lanesTop = memory.top + memoryHeight + 20;
  parts.push(laneMarks({ ...memory, top: lanesTop }, lanes, run.leadSeconds));
  const rateTop = lanesTop + lanes.length * laneHeight + 30;
  const rate = ratePanel(run, { left, top: rateTop, width: panelWidth, height: rateHeight, xMax: seconds });
  parts.push(svg.verticalScale(rate, { title: "records a second", label: rateLabel(rate), steps: 4 }));
  parts.push(svg.curve(rate, rate.points, ink.rate), svg.horizontalScale(rate, { unit: " s" }));
  parts.push(phaseMarks(run, memory, rate));
  const words = explanationOf(run, rate.top + rateHeight + 46);
  parts.push(words.parts);
  return svg.drawing(width, words.bottom, parts);
}

/** The scales of the memory of a run: from nothing to the line, or to what went above it. */
export function memoryPanel(run, place) {
  const highest = run.memoryPoints.map(([, anon, file, group]) => Math.max(anon + file, group ?? 0));
  const yMax = svg.niceTop(Math.max(run.lineBytes / 2 ** 20, ...highest));
  return { ...place, xMax: secondsOf(run), yMax };
}

/** Page cache behind, what is mapped and what is anonymous before it, then the kernel's count and what is dirty. */
export function memoryCurves(panel, run, stroke = 'stroke-width="1.6"') {
  const { memoryPoints } = run;
  const sums = memoryPoints.map(([at, anon, file]) => [at, anon + file]);
  const grouped = memoryPoints.filter(([, , , group]) => group !== null);
  return [
    svg.area(
      panel,
      grouped.map(([at, anon, , , cache]) => [at, anon + (cache ?? 0)]),
      ink.cache,
    ),
    svg.area(panel, sums, ink.file),
    svg.area(
      panel,
      memoryPoints.map(([at, anon]) => [at, anon]),
      ink.anon,
    ),
    svg.curve(
      panel,
      grouped.map(([at, , , group]) => [at, group]),
      ink.group,
      stroke,
    ),
    svg.curve(
      panel,
      grouped.map(([at, , , , , dirty]) => [at, dirty ?? 0]),
      ink.dirty,
      stroke,
    ),
  ];
}

export function memoryKey(hasCgroup) {
  const always = [
    { label: "anonymous (heap, buffers)", color: ink.anon },
    { label: "mapped file pages", color: ink.file },
  ];
  if (!hasCgroup) return always;
  return [
    ...always,
    { label: "page cache of the cgroup", color: ink.cache },
    { label: "cgroup, all in all", color: ink.group, isCurve: true },
    { label: "dirty or in write-back", color: ink.dirty, isCurve: true },
  ];
}

/** Records a second over windows of a twenty-fifth of the whole: single commits come in steps. */
export function ratePanel(run, place) {
  const points = ratesOf(run.recordPoints.map(([at, records]) => [at + run.leadSeconds, records]));
  return { ...place, points, yMax: svg.niceTop(Math.max(1, ...points.map(([, rate]) => rate))) };
}

export function rateLabel({ yMax }) {
  return (value) => (yMax >= 10_000 && value > 0 ? `${countText(value / 1000)}k` : countText(value));
}

/** What the governor decided by kind, the most frequent first: [{ kind, seconds: [] }]. */
export function lanesOf({ marks = [] }) {
  const byKind = new Map();
  for (const { t, kind } of marks) byKind.set(kind, [...(byKind.get(kind) ?? []), t]);
  return [...byKind]
    .map(([kind, seconds]) => ({ kind, seconds: seconds.slice(0, marksMax) }))
    .sort((one, other) => other.seconds.length - one.seconds.length)
    .slice(0, lanesMax);
}

function laneMarks(panel, lanes, leadSeconds) {
  return lanes.map(({ kind, seconds }, lane) => {
    const top = panel.top + lane * laneHeight;
    const name = kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    return [
      svg.stroke(left, top + laneHeight - 4, left + panel.width, top + laneHeight - 4, ink.grid),
      svg.text(left - 6, top + 12, svg.clipped(name, left - 12, 10.5), { anchor: "end", size: 10.5 }),
      seconds.map((at) => {
        const place = svg.x(panel, Math.min(panel.xMax, at + leadSeconds));
        return svg.stroke(place, top + 2, place, top + laneHeight - 4, ink.mark, 'stroke-width="1.5"');
      }),
    ];
  });
}

/** What the governor says of the whole run, in its own words. */
function explanationOf({ explanation = [] }, top) {
  const step = wordsSize + 5;
  const lines = explanation.flatMap((words) =>
    svg.wrapped(words, panelWidth - 12, wordsSize, 3).map((line, at) => ({ line, isFirst: at === 0 })),
  );
  const parts = lines.map(({ line, isFirst }, number) => [
    isFirst ? svg.text(left, top + number * step, "·", { size: wordsSize, weight: 700 }) : "",
    svg.text(left + 12, top + number * step, line, { size: wordsSize }),
  ]);
  return { parts, bottom: lines.length === 0 ? top - 10 : top + lines.length * step + 6 };
}

function fitted(panel, { points, label }) {
  const right = panel.left + panel.width;
  return [
    svg.curve(panel, points, "#111", 'stroke-width="2"'),
    svg.text(right, panel.top - 8, `black: ${label}`, { anchor: "end", size: 11 }),
  ];
}

function secondsOf(run) {
  const recordsEnd = run.recordPoints.map(([at]) => at + run.leadSeconds);
  return Math.max(1, ...run.memoryPoints.map(([at]) => at), ...recordsEnd);
}

function factsOf(run) {
  const facts = [
    `${countText(run.records)} records`,
    `${countText(run.recordsPerSecond)} a second`,
    `peak ${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`,
    `${sizeText(run.spilledBytes)} spilled`,
  ];
  if (run.throttledSeconds > 0) facts.push(`held back ${run.throttledSeconds.toFixed(1)} s`);
  return facts.join(" · ");
}

function ratesOf(points) {
  if (points.length < 2) return [];
  const end = points.findIndex(([, records]) => records === points.at(-1)[1]);
  const reading = points.slice(0, end + 1);
  const window = Math.max(0.4, (reading.at(-1)[0] - reading[0][0]) / 25);
  const rates = [];
  let from = 0;
  for (let at = 1; at < reading.length; at++) {
    while (from < at - 1 && reading[at][0] - reading[from][0] > window) from++;
    const seconds = reading[at][0] - reading[from][0];
    if (seconds > 0) rates.push([reading[at][0], (reading[at][1] - reading[from][1]) / seconds]);
  }
  return rates;
}

/** A mark where a phase ends and the next begins; short phases keep their mark and lose their name. */
function phaseMarks({ phases, leadSeconds }, memory, rate) {
  let from = leadSeconds;
  return phases.map(({ name, seconds }) => {
    const [start, end] = [svg.x(memory, from), svg.x(memory, Math.min(memory.xMax, from + seconds))];
    from += seconds;
    const mark = svg.stroke(
      start,
      memory.top,
      start,
      rate.top + rate.height,
      ink.faint,
      'stroke-dasharray="2 3"',
    );
    const isNamed = end - start > svg.textWidth(name, 12) + 10;
    return [
      mark,
      isNamed ? svg.text(start + 5, memory.top + memory.height + 14, name, { fill: ink.faint }) : "",
    ];
  });
}
