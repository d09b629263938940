// Parts of a drawing as SVG text. A panel is a rectangle with scales: { left, top, width, height, xMax, yMax }.

export const ink = {
  text: "#222",
  faint: "#6b6b6b",
  grid: "#e4e4e4",
  line: "#c0392b",
  rate: "#2e7d4f",
  anon: "#3b78b5",
  file: "#a9c9e8",
  cache: "#ece2f0",
  group: "#7a5195",
  dirty: "#e08a1e",
  mark: "#444",
};

/** Characters of this font are about so wide, as a part of its size. */
const characterWidth = 0.61;

export function drawing(width, bottom, parts) {
  const height = Math.ceil(bottom);
  const body = parts.flat(3).filter((part) => part !== "");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="12">\n` +
    `<rect width="${width}" height="${height}" fill="#fff"/>\n${body.join("\n")}\n</svg>\n`
  );
}

export function x(panel, value) {
  return round(panel.left + (value / panel.xMax) * panel.width);
}

export function y(panel, value) {
  return round(panel.top + panel.height - (Math.min(value, panel.yMax * 1.02) / panel.yMax) * panel.height);
}

/** Horizontal rules with their values at the left, and a title above. */
export function verticalScale(panel, { title = "", label = String, steps = 5, size = 12 }) {
  const parts = title === "" ? [] : [text(panel.left, panel.top - 8, title, { fill: ink.faint, size })];
  const step = niceStep(panel.yMax, steps);
  for (let value = 0; value <= panel.yMax + step / 1000; value += step) {
    const at = y(panel, value);
    parts.push(stroke(panel.left, at, panel.left + panel.width, at, value === 0 ? ink.faint : ink.grid));
    parts.push(text(panel.left - 6, at + size / 3, label(value), { anchor: "end", fill: ink.faint, size }));
  }
  return parts;
}

/** Ticks with their values below. */
export function horizontalScale(panel, { steps = 8, size = 12, unit = "" }) {
  const bottom = panel.top + panel.height;
  const step = niceStep(panel.xMax, steps);
  const parts = [];
  for (let value = 0; value <= panel.xMax; value += step) {
    const label = `${Number(value.toFixed(2))}${unit}`;
    parts.push(stroke(x(panel, value), bottom, x(panel, value), bottom + 4, ink.faint));
    parts.push(text(x(panel, value), bottom + 5 + size, label, { anchor: "middle", fill: ink.faint, size }));
  }
  return parts;
}

export function area(panel, points, fill) {
  if (points.length < 2) return "";
  const top = points.map(([at, value]) => `${x(panel, at)},${y(panel, value)}`).join(" ");
  const base = y(panel, 0);
  return `<polygon points="${x(panel, points[0][0])},${base} ${top} ${x(panel, points.at(-1)[0])},${base}" fill="${fill}"/>`;
}

export function curve(panel, points, color, more = 'stroke-width="1.6"') {
  if (points.length < 2) return "";
  const list = points.map(([at, value]) => `${x(panel, at)},${y(panel, value)}`).join(" ");
  return `<polyline points="${list}" fill="none" stroke="${color}" ${more} stroke-linejoin="round"/>`;
}

/** The memory line across a panel. */
export function ruler(panel, value, label, size = 12) {
  const at = y(panel, value);
  const right = panel.left + panel.width;
  return [
    stroke(panel.left, at, right, at, ink.line, 'stroke-width="1.8" stroke-dasharray="7 4"'),
    text(right - 4, at - 5, label, { anchor: "end", fill: ink.line, weight: 700, size }),
  ];
}

/** Swatches with their words, from the left, on as many lines as they take; the answer has the height. */
export function legend(left, top, width, entries) {
  let [atX, atY] = [left, top];
  const parts = [];
  for (const { label, color, isCurve = false } of entries) {
    const room = textWidth(label, 12) + 34;
    if (atX + room > left + width) [atX, atY] = [left, atY + 18];
    parts.push(
      isCurve
        ? stroke(atX, atY - 4, atX + 14, atY - 4, color, 'stroke-width="2.2"')
        : `<rect x="${round(atX)}" y="${round(atY - 10)}" width="14" height="11" fill="${color}"/>`,
      text(atX + 19, atY, label),
    );
    atX += room;
  }
  return { parts, height: atY - top + 18 };
}

export function stroke(x1, y1, x2, y2, color, more = "") {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${color}" ${more}/>`;
}

export function text(atX, atY, content, { anchor = "start", fill = ink.text, size = 12, weight = 400 } = {}) {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const place = `x="${round(atX)}" y="${round(atY)}" text-anchor="${anchor}"`;
  return `<text ${place} fill="${fill}" font-size="${size}" font-weight="${weight}">${escaped}</text>`;
}

export function textWidth(content, size) {
  return content.length * size * characterWidth;
}

/** Words on one line of this width; what does not fit ends in dots. */
export function clipped(content, width, size) {
  const room = Math.floor(width / (size * characterWidth));
  return content.length <= room ? content : `${content.slice(0, room - 1)}…`;
}

/** Words on lines of this width. */
export function wrapped(content, width, size, linesMax) {
  const room = Math.floor(width / (size * characterWidth));
  const lines = [""];
  for (const word of content.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= room || lines.length === linesMax) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => clipped(line, width, size));
}

/** The next round number above, with a little air. */
export function niceTop(value) {
  const step = niceStep(value * 1.08, 5);
  return Math.ceil((value * 1.08) / step) * step;
}

function niceStep(value, steps) {
  const raw = value / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10);
}

function round(value) {
  return Number(value.toFixed(1));
}
