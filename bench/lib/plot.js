// A plot of one import: memory by kind against the line, and the rate over time, as SVG text.
import { countText } from "./sizes.js";

const width = 860;
const left = 74;
const right = 24;
const panels = { memory: { top: 62, height: 250 }, rate: { top: 368, height: 150 } };
const height = 566;
const ink = {
  text: "#222",
  faint: "#777",
  grid: "#e3e3e3",
  anon: "#3b78b5",
  file: "#a9c9e8",
  cgroup: "#7a5195",
};
const lineColor = "#c0392b";
const rateColor = "#2e7d4f";

/** `run` is an entry of a result file. */
export function importPlot(run, heading) {
  const { memoryPoints } = run;
  const recordPoints = run.recordPoints.map(([at, records]) => [at + run.leadSeconds, records]);
  const seconds = Math.max(1, ...memoryPoints.map(([at]) => at), ...recordPoints.map(([at]) => at));
  const lineMiB = run.lineBytes / 2 ** 20;
  const rates = ratesOf(recordPoints);
  const memoryTop = niceTop(
    Math.max(lineMiB, ...memoryPoints.map(([, anon, file, all]) => Math.max(anon + file, all ?? 0))),
  );
  const rateTop = niceTop(Math.max(1, ...rates.map(([, rate]) => rate)));
  const memory = { ...panels.memory, seconds, top: memoryTop, y: panels.memory.top };
  const rate = { ...panels.rate, seconds, top: rateTop, y: panels.rate.top };
  const sum = memoryPoints.map(([at, anon, file]) => [at, anon + file]);
  const anonymous = memoryPoints.map(([at, anon]) => [at, anon]);
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(left, 26, heading, { size: 16, weight: 600 }),
    axes(memory, "memory, MiB", (value) => countText(value)),
    area(memory, sum, ink.file),
    area(memory, anonymous, ink.anon),
    curve(
      memory,
      memoryPoints.filter(([, , , all]) => all !== null).map(([at, , , all]) => [at, all]),
      ink.cgroup,
    ),
    ruler(memory, lineMiB),
    axes(rate, "records a second", (value) =>
      rateTop >= 10_000 && value > 0 ? `${countText(value / 1000)}k` : countText(value),
    ),
    curve(rate, rates, rateColor),
    phaseMarks(run, memory, rate),
    legend(run.cgroup !== null),
    text(left + (width - left - right) / 2, height - 12, "seconds", { anchor: "middle", fill: ink.faint }),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="Helvetica, Arial, sans-serif" font-size="12">\n${parts.filter((part) => part !== "").join("\n")}\n</svg>\n`
  );
}

/** Records a second over windows of a twenty-fifth of the whole: single commits come in steps. */
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

/** The next round number above, with a little air. */
function niceTop(value) {
  const step = niceStep(value * 1.08, 5);
  return Math.ceil((value * 1.08) / step) * step;
}

function niceStep(value, steps) {
  const raw = value / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10);
}

function x(panel, seconds) {
  return round(left + (seconds / panel.seconds) * (width - left - right));
}

function y(panel, value) {
  return round(panel.y + panel.height - (value / panel.top) * panel.height);
}

function axes(panel, title, label) {
  const parts = [text(left, panel.y - 10, title, { fill: ink.faint })];
  const step = niceStep(panel.top, 5);
  for (let value = 0; value <= panel.top + step / 1000; value += step) {
    const at = y(panel, value);
    parts.push(stroke(left, at, width - right, at, value === 0 ? ink.faint : ink.grid));
    parts.push(text(left - 8, at + 4, label(value), { anchor: "end", fill: ink.faint }));
  }
  const bottom = panel.y + panel.height;
  const secondStep = niceStep(panel.seconds, 8);
  for (let at = 0; at <= panel.seconds; at += secondStep) {
    parts.push(stroke(x(panel, at), bottom, x(panel, at), bottom + 4, ink.faint));
    parts.push(
      text(x(panel, at), bottom + 18, String(Number(at.toFixed(2))), { anchor: "middle", fill: ink.faint }),
    );
  }
  return parts.join("\n");
}

function area(panel, points, fill) {
  if (points.length === 0) return "";
  const top = points.map(([at, value]) => `${x(panel, at)},${y(panel, value)}`).join(" ");
  const base = y(panel, 0);
  return `<polygon points="${x(panel, points[0][0])},${base} ${top} ${x(panel, points.at(-1)[0])},${base}" fill="${fill}"/>`;
}

function curve(panel, points, color) {
  if (points.length === 0) return "";
  const list = points.map(([at, value]) => `${x(panel, at)},${y(panel, value)}`).join(" ");
  return `<polyline points="${list}" fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round"/>`;
}

function ruler(panel, lineMiB) {
  const at = y(panel, lineMiB);
  const label = text(width - right - 4, at - 6, `line ${countText(lineMiB)} MiB`, {
    anchor: "end",
    fill: lineColor,
    weight: 600,
  });
  return `${stroke(left, at, width - right, at, lineColor, 'stroke-width="2" stroke-dasharray="7 4"')}\n${label}`;
}

/** A mark where a phase ends and the next begins; short phases keep their mark and lose their name. */
function phaseMarks({ phases, leadSeconds }, memory, rate) {
  let from = leadSeconds;
  const parts = [];
  for (const { name, seconds } of phases) {
    const [start, end] = [x(memory, from), x(memory, Math.min(memory.seconds, from + seconds))];
    if (from > 0)
      parts.push(stroke(start, memory.y, start, rate.y + rate.height, ink.faint, 'stroke-dasharray="2 3"'));
    if (end - start > 40) parts.push(text(start + 5, memory.y + 14, name, { fill: ink.faint }));
    from += seconds;
  }
  return parts.join("\n");
}

function legend(hasCgroup) {
  const entries = [
    ["anonymous (heap, buffers)", ink.anon],
    ["file (mapped pages)", ink.file],
  ];
  if (hasCgroup) entries.push(["cgroup, page cache included", ink.cgroup]);
  let at = width - right;
  const parts = [];
  for (const [label, color] of entries.reverse()) {
    at -= label.length * 6.9 + 30;
    parts.push(`<rect x="${round(at)}" y="43" width="11" height="11" fill="${color}"/>`);
    parts.push(text(round(at + 16), 53, label, { fill: ink.text }));
  }
  return parts.join("\n");
}

function stroke(x1, y1, x2, y2, color, more = "") {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${color}" ${more}/>`;
}

function text(atX, atY, content, { anchor = "start", fill = ink.text, size = 12, weight = 400 } = {}) {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${atX}" y="${atY}" text-anchor="${anchor}" fill="${fill}" font-size="${size}" font-weight="${weight}">${escaped}</text>`;
}

function round(value) {
  return Number(value.toFixed(1));
}
