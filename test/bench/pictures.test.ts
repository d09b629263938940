import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { importPlot } from "../../bench/lib/plot.js";
import { writePng } from "../../bench/lib/png.js";
import { ratePlot } from "../../bench/prove/rate-plot.js";
import { contactSheet } from "../../bench/prove/sheet.js";

const mebibyte = 2 ** 20;

/** A run as the proof measures it, `seconds` long, with as many kinds of decisions as asked for. */
function run(seconds: number, kinds: number, lineMiB = 128) {
  const at = Array.from({ length: 100 }, (_, number) => (number / 99) * seconds);
  return {
    input: "alternating",
    title: "a title of a run that is quite long, as titles are, 128MiB",
    lineBytes: lineMiB * mebibyte,
    vmHwmBytes: lineMiB * 0.9 * mebibyte,
    cgroup: { oomKills: 0, usageBytesMax: lineMiB * mebibyte },
    state: "complete",
    faults: [] as string[],
    records: 12_345_678,
    recordsPerSecond: 1_234_567,
    spilledBytes: 123 * mebibyte,
    throttledSeconds: 12.3,
    leadSeconds: seconds / 10,
    phases: ["read", "merge", "seal"].map((name) => ({ name, seconds: seconds / 4, records: 1 })),
    memoryPoints: at.map((t) => [t, lineMiB / 2, lineMiB / 4, lineMiB * 0.95, lineMiB / 5, 3]),
    recordPoints: at.map((t) => [t * 0.9, Math.round(t * 1e6)]),
    marks: at.map((t, number) => ({ t, kind: `decisionOfKind${number % Math.max(1, kinds)}` })),
    explanation: Array.from({ length: kinds }, (_, number) =>
      "waited for the disk and for the source ".repeat(number),
    ),
  };
}

interface Box {
  content: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where the words of a drawing stand, with the font's mean width of 0.6 of its size. */
function boxes(svg: string): Box[] {
  const pattern =
    /<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)" fill="[^"]*" font-size="([\d.]+)"[^>]*>([^<]*)</g;
  return [...svg.matchAll(pattern)].map(([, x, y, anchor, size, content]) => {
    const width = content!.replace(/&\w+;/g, "x").length * Number(size) * 0.6;
    const left =
      Number(x) - { start: 0, middle: width / 2, end: width }[anchor as "start" | "middle" | "end"];
    return {
      content: content!,
      left,
      right: left + width,
      top: Number(y) - Number(size) * 0.8,
      bottom: Number(y),
    };
  });
}

function overlaps(svg: string): string[] {
  const all = boxes(svg).filter((box) => box.content !== "");
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
  const outside = all.filter(
    (box) => box.left < 0 || box.right > width! || box.top < 0 || box.bottom > height!,
  );
  const pairs = all.flatMap((one, at) =>
    all.slice(at + 1).flatMap((other) => {
      const isApart = one.right <= other.left || other.right <= one.left;
      return isApart || one.bottom <= other.top || other.bottom <= one.top
        ? []
        : [`${one.content} / ${other.content}`];
    }),
  );
  return [...pairs, ...outside.map((box) => `${box.content} is outside`)];
}

test.each([0.7, 1, 3.4, 17, 260])("no words of a picture of %s s lie on others or outside", (seconds) => {
  for (const kinds of [1, 5, 20]) {
    const fit = {
      points: [[seconds / 3, 90] as const, [seconds, 91] as const],
      label: "1.0 ± 0.1 KiB a second, flat",
    };
    expect(overlaps(importPlot(run(seconds, kinds), "A heading", fit))).toEqual([]);
    expect(overlaps(importPlot(run(seconds, kinds, 1024), "A heading"))).toEqual([]);
  }
});

test("no words of a sheet or of the rates lie on others, failed and skipped runs included", () => {
  const failed = {
    ...run(4, 3),
    faults: ["the peak was above the line by a lot of bytes, which is very sad to see"],
  };
  const empty = { ...run(4, 0), memoryPoints: [], faults: failed.faults };
  const skipped = {
    input: "disk",
    title: "slow disk, 128MiB",
    skipped: "no loop device can be made here: EPERM and more",
  };
  const runs = [run(2, 1), failed, empty, skipped, run(100, 5), run(0.5, 1), run(9, 2)];
  expect(overlaps(contactSheet(runs, 128 * mebibyte))).toEqual([]);
  const lines = [96, 112, 128, 192, 256, 384, 512, 768, 1024, 2048];
  const series = ["one of them", "another of them"].map((title) => ({
    title,
    runs: lines.map((line) => run(5, 1, line)),
  }));
  expect(overlaps(ratePlot(series))).toEqual([]);
});

test("the test itself sees words that lie on others", () => {
  const text = (x: number) =>
    `<text x="${x}" y="20" text-anchor="start" fill="#222" font-size="12" font-weight="400">words</text>`;
  const svg = (x: number) => `<svg viewBox="0 0 200 40">${text(5)}${text(x)}</svg>`;
  expect(overlaps(svg(30))).toEqual(["words / words"]);
  expect(overlaps(svg(60))).toEqual([]);
  expect(overlaps(svg(180))).toEqual(["words is outside"]);
});

test("a PNG has the size and the colours of its drawing", () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-png-"));
  try {
    const path = join(folder, "a.png");
    const halves =
      '<rect width="20" height="10" fill="#ffffff"/><rect width="10" height="10" fill="#c0392b"/>';
    writePng(path, `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">${halves}</svg>`, {
      zoom: 2,
    });
    const { width, height, colorAt } = decoded(readFileSync(path));
    expect([width, height]).toEqual([40, 20]);
    expect(colorAt(39, 19)).toEqual([255, 255, 255]);
    const near = colorAt(2, 2).map((part, at) => Math.abs(part - [0xc0, 0x39, 0x2b][at]!));
    expect(Math.max(...near)).toBeLessThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Reads what `writePng` writes: a palette, one byte a pixel, rows without filter. */
function decoded(file: Buffer) {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const header = chunks.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(chunks.get("IDAT")!);
  const colorAt = (x: number, y: number) => {
    const number = rows[y * (width + 1) + 1 + x]!;
    return [...chunks.get("PLTE")!.subarray(number * 3, number * 3 + 3)];
  };
  return { width, height, colorAt };
}
