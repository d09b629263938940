// SVG text to a PNG file: a font of our own, so that the picture is the same on every machine, and a palette, so that it is small.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const require = createRequire(import.meta.url);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const paletteMax = 256;

/** Loaded when the first picture is drawn. */
let library;

export function writePng(path, svgText, { zoom = 1 } = {}) {
  library ??= load();
  const options = { fitTo: { mode: "zoom", value: zoom }, font: library.font };
  const { width, height, pixels } = new library.Resvg(svgText, options).render();
  writeFileSync(path, encoded(width, height, pixels));
}

function load() {
  const folder = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(folder, name));
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" };
  return { Resvg: require("@resvg/resvg-js").Resvg, font };
}

/** An indexed PNG of opaque RGBA pixels. */
function encoded(width, height, pixels) {
  const { palette, numberOf } = paletteOf(pixels);
  const rows = Buffer.alloc(height * (width + 1));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      rows[row * (width + 1) + 1 + column] = numberOf(coarse(pixels, (row * width + column) * 4));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The most frequent colours; a pixel whose colour is not among them takes the nearest one. */
function paletteOf(pixels) {
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const color = coarse(pixels, at);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const kept = [...counts].sort((one, other) => other[1] - one[1]).slice(0, paletteMax);
  const colors = kept.map(([color]) => color);
  const numbers = new Map(colors.map((color, number) => [color, number]));
  const numberOf = (color) => {
    let number = numbers.get(color);
    if (number === undefined) {
      number = nearest(colors, color);
      numbers.set(color, number);
    }
    return number;
  };
  const palette = Buffer.from(
    colors.flatMap((color) => [(color >> 16) & 255, (color >> 8) & 255, color & 255]),
  );
  return { palette, numberOf };
}

/** A colour in steps of 4 of 255, the full one included: edges have hundreds of shades that nobody tells apart. */
function coarse(pixels, at) {
  const step = (value) => Math.min(255, Math.round(value / 4) * 4);
  return (step(pixels[at]) << 16) | (step(pixels[at + 1]) << 8) | step(pixels[at + 2]);
}

function nearest(colors, color) {
  let found = 0;
  let distanceMin = Number.POSITIVE_INFINITY;
  for (let number = 0; number < colors.length; number++) {
    const distance = [16, 8, 0].reduce(
      (sum, shift) => sum + (((colors[number] >> shift) & 255) - ((color >> shift) & 255)) ** 2,
      0,
    );
    if (distance < distanceMin) [found, distanceMin] = [number, distance];
  }
  return found;
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
