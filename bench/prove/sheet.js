// All runs at one line on one page: the same memory scale for all, the rate as a strip below each.
import { memoryCurves, memoryKey, memoryPanel, rateLabel, ratePanel } from "../lib/plot.js";
import { countText, sizeText } from "../lib/sizes.js";
import * as svg from "../lib/svg.js";

const { ink } = svg;
const width = 860;
const columns = 3;
const margin = 18;
const cell = { width: (width - margin) / columns, height: 222 };
const plotLeft = 40;
const memoryHeight = 112;
const rateHeight = 36;
const size = 10;

/** `runs` are entries of a result file at one line, each with points or with the words why there are none. */
export function contactSheet(runs, lineBytes) {
  const key = svg.legend(margin, 54, width - 2 * margin, memoryKey(true));
  const top = 54 + key.height;
  const heading = `Inside a memory cgroup of ${sizeText(lineBytes)}: memory against the line (MiB), records a second below`;
  const rows = Math.ceil(runs.length / columns);
  return svg.drawing(width, top + rows * cell.height + 8, [
    svg.text(margin, 26, heading, { size: 14, weight: 700 }),
    key.parts,
    runs.map((run, at) =>
      cellOf(run, {
        left: margin + (at % columns) * cell.width,
        top: top + Math.floor(at / columns) * cell.height,
      }),
    ),
  ]);
}

function cellOf(run, { left, top }) {
  const what = run.title.slice(0, run.title.lastIndexOf(","));
  const room = cell.width - margin - svg.textWidth(run.input, 13) - 8;
  const title = [
    svg.text(left, top + 14, run.input, { size: 12, weight: 700 }),
    svg.text(left + svg.textWidth(run.input, 13) + 8, top + 14, svg.clipped(what, room, size), {
      size,
    }),
  ];
  const plotWidth = cell.width - plotLeft - margin;
  const words = run.skipped ?? (run.faults.length > 0 ? run.faults.join("; ") : null);
  if ((run.memoryPoints?.length ?? 0) < 2) return [title, worded(words ?? "no samples", left, top + 34)];
  const place = { left: left + plotLeft, width: plotWidth };
  const memory = memoryPanel(run, { ...place, top: top + 36, height: memoryHeight });
  const rate = ratePanel(run, {
    ...place,
    top: top + 36 + memoryHeight + 14,
    height: rateHeight,
    xMax: memory.xMax,
  });
  return [
    title,
    words === null
      ? svg.text(left, top + 28, factsOf(run), { size, fill: ink.faint })
      : svg.text(left, top + 28, svg.clipped(`failed: ${words}`, cell.width - margin, size), {
          size,
          fill: ink.line,
        }),
    svg.verticalScale(memory, { label: countText, steps: 4, size }),
    memoryCurves(memory, run, 'stroke-width="1.2"'),
    svg.ruler(memory, run.lineBytes / 2 ** 20, "", size),
    marksOf(run, memory),
    svg.verticalScale(rate, { label: rateLabel(rate), steps: 2, size }),
    svg.curve(rate, rate.points, ink.rate, 'stroke-width="1.3"'),
    svg.horizontalScale(rate, { steps: 4, size, unit: " s" }),
  ];
}

function worded(words, left, top) {
  return svg
    .wrapped(words, cell.width - 2 * margin, size, 8)
    .map((line, at) => svg.text(left, top + at * (size + 4), line, { size, fill: ink.line }));
}

/** What the governor decided, as ticks between memory and rate. */
function marksOf({ marks = [], leadSeconds }, panel) {
  const top = panel.top + panel.height;
  return marks.map(({ t }) => {
    const at = svg.x(panel, Math.min(panel.xMax, t + leadSeconds));
    return svg.stroke(at, top + 2, at, top + 8, ink.mark, 'stroke-width="1"');
  });
}

function factsOf(run) {
  return `${countText(run.recordsPerSecond)}/s · peak ${sizeText(run.vmHwmBytes)} · ${sizeText(run.spilledBytes)} spilled`;
}
