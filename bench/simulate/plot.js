// Batch sizes over a run, the two algorithms in one panel a scenario, as SVG text and as PNG.
import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

const MiB = 1024 * 1024;
const columns = 3;
const panel = { width: 300, height: 150, left: 58, top: 96, gapX: 30, gapY: 66 };
const ink = {
  text: "#222",
  faint: "#6b6b6b",
  grid: "#e4e4e4",
  published: "#d1495b",
  plimsoll: "#2a6f97",
  most: "#888",
};
/** Logarithmic: one record of 5 KiB and a batch of 60 MiB are both to be seen. */
const scale = { leastMiB: 0.004, mostMiB: 128, ticks: [0.01, 0.1, 1, 10, 100] };

/** `scenes` are pairs of results of one scenario: `{ name, published, plimsoll }`. */
export function batchPlot(scenes) {
  const rows = Math.ceil(scenes.length / columns);
  const width = panel.left + columns * panel.width + (columns - 1) * (panel.gapX + 20) + 24;
  const height = panel.top + rows * panel.height + (rows - 1) * panel.gapY + 46;
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(panel.left, 26, "Bytes of a batch while a source is read, under one line of 153.6 MiB", {
      size: 16,
      weight: 700,
    }),
    ...legend(),
    ...scenes.map((scene, index) => scenePanel(scene, index)),
    text(width / 2, height - 10, "part of the rows read", { anchor: "middle", fill: ink.faint }),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="DejaVu Sans, Verdana, sans-serif" font-size="11">\n${parts.join("\n")}\n</svg>\n`
  );
}

export function pngOf(svg) {
  const fonts = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
    fonts.replace("package.json", `ttf/${name}`),
  );
  return new Resvg(svg, { font: { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" } })
    .render()
    .asPng();
}

function scenePanel({ name, published, plimsoll }, index) {
  const left = panel.left + (index % columns) * (panel.width + panel.gapX + 20);
  const top = panel.top + Math.floor(index / columns) * (panel.height + panel.gapY);
  const at = (part, mib) => [
    round(left + part * panel.width),
    round(top + panel.height * (1 - heightOf(mib))),
  ];
  const parts = [text(left, top - 10, name, { weight: 700 })];
  for (const tick of scale.ticks) {
    const [, y] = at(0, tick);
    parts.push(line(left, y, left + panel.width, y, ink.grid));
    parts.push(text(left - 6, y + 4, `${tick} MiB`, { anchor: "end", fill: ink.faint, size: 9.5 }));
  }
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    parts.push(
      text(left + part * panel.width, top + panel.height + 15, `${part * 100}%`, {
        anchor,
        fill: ink.faint,
        size: 9.5,
      }),
    );
  }
  parts.push(line(left, top + panel.height, left + panel.width, top + panel.height, ink.faint));
  const most = thinned(plimsoll.history, (batch) => batch.allowedBytes);
  parts.push(curve(most, at, ink.most, 'stroke-dasharray="4 3"'));
  parts.push(
    curve(
      thinned(published.history, (batch) => batch.bytes),
      at,
      ink.published,
    ),
  );
  parts.push(
    curve(
      thinned(plimsoll.history, (batch) => batch.bytes),
      at,
      ink.plimsoll,
    ),
  );
  return parts.join("\n");
}

/** At most the smallest and the largest batch of every two pixels. */
function thinned(history, measureOf) {
  const total = history.at(-1).at;
  const points = [];
  let bucket;
  for (const batch of history) {
    const part = batch.at / total;
    const number = Math.floor((part * panel.width) / 2);
    const mib = measureOf(batch) / MiB;
    if (bucket?.number === number) {
      bucket.most = Math.max(bucket.most, mib);
      bucket.least = Math.min(bucket.least, mib);
    } else {
      bucket = { number, part, most: mib, least: mib };
      points.push(bucket);
    }
  }
  return points.flatMap(({ part, most, least }) =>
    most === least
      ? [[part, most]]
      : [
          [part, most],
          [part, least],
        ],
  );
}

function curve(points, at, color, more = "") {
  const list = points.map(([part, mib]) => at(part, mib).join(",")).join(" ");
  return `<polyline points="${list}" fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round" ${more}/>`;
}

function heightOf(mib) {
  const part = Math.log(mib / scale.leastMiB) / Math.log(scale.mostMiB / scale.leastMiB);
  return Math.min(1, Math.max(0, part));
}

function legend() {
  const entries = [
    ["Plimsoll", ink.plimsoll, ""],
    ["published algorithm", ink.published, ""],
    ["the largest batch that would not cross the line", ink.most, 'stroke-dasharray="4 3"'],
  ];
  let left = panel.left;
  return entries.map(([label, color, more]) => {
    const part =
      line(left, 47, left + 24, 47, color, `stroke-width="2.4" ${more}`) + text(left + 31, 51, label);
    left += 62 + label.length * 7;
    return part;
  });
}

function line(x1, y1, x2, y2, color, more = "") {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${color}" ${more}/>`;
}

function text(x, y, content, { anchor = "start", fill = ink.text, size = 11, weight = 400 } = {}) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}" font-weight="${weight}">${content}</text>`;
}

function round(value) {
  return Number(value.toFixed(1));
}
