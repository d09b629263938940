// Microseconds an edge by phase, a bar for each size, measured ones beside what is projected.
import * as svg from "../lib/svg.js";
import { durationText, edgesText } from "./page.js";

const colors = { start: "#c9c9c9", decode: "#3b78b5", sort: "#a9c9e8", lower: "#e08a1e", merge: "#7a5195" };
const names = {
  start: "start",
  decode: "read, decode, map, append",
  sort: "sort, spill",
  lower: "merge runs into larger ones",
  merge: "merge, append, seal",
};
const [left, top, width, height] = [70, 110, 760, 260];

/** `bars`: [{ edges, seconds: by phase, isMeasured }]. */
export function scalePlot(bars) {
  const costs = bars.map(({ edges, seconds }) => (sum(seconds) / edges) * 1e6);
  const panel = { left, top, width, height, xMax: bars.length, yMax: svg.niceTop(Math.max(...costs)) };
  const key = svg.legend(
    left,
    56,
    width,
    Object.entries(names).map(([phase, label]) => ({ label, color: colors[phase] })),
  );
  return svg.drawing(left + width + 20, top + height + 70, [
    svg.text(left, 28, "Cost of an edge by phase", { size: 16, weight: 700 }),
    key.parts,
    svg.verticalScale(panel, { title: "microseconds an edge" }),
    bars.map((bar, number) => barParts(panel, bar, number)),
  ]);
}

function barParts(panel, { edges, seconds, isMeasured }, number) {
  const [from, to] = [svg.x(panel, number + 0.2), svg.x(panel, number + 0.8)];
  let below = 0;
  const parts = Object.entries(seconds).map(([phase, one]) => {
    const [high, low] = [svg.y(panel, ((below + one) / edges) * 1e6), svg.y(panel, (below / edges) * 1e6)];
    below += one;
    const place = `x="${from}" y="${high}" width="${(to - from).toFixed(1)}" height="${(low - high).toFixed(1)}"`;
    return `<rect ${place} fill="${colors[phase]}"${isMeasured ? "" : ' fill-opacity="0.75"'}/>`;
  });
  const middle = (from + to) / 2;
  const bottom = panel.top + panel.height;
  const label = (content, line, more = {}) =>
    svg.text(middle, bottom + 18 + line * 16, content, { anchor: "middle", size: 11.5, ...more });
  return [
    parts,
    label(edgesText(edges), 0, { weight: 700 }),
    label(isMeasured ? "measured" : "projected", 1),
    label(durationText(below), 2),
  ];
}

function sum(seconds) {
  return Object.values(seconds).reduce((total, one) => total + one, 0);
}
