import fc from "fast-check";
import { zipSync } from "fflate";
import { afterAll, beforeEach, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { comicInfo, page, paxRecord, tarEnd, tarEntry, type ZipEntry, zipBytes } from "./archive-bytes.js";
import { drain } from "./library.js";

let folder = makeFolder();
beforeEach(() => {
  folder.remove();
  folder = makeFolder();
});
afterAll(() => folder.remove());

const info = (inner: string): ZipEntry => ({ name: "ComicInfo.xml", data: comicInfo(inner) });
const good = zipBytes([page, info("<Series>Good</Series>")]);
const spaces = (bytes: number): ZipEntry => ({ name: "ComicInfo.xml", data: Buffer.alloc(bytes, 0x20) });
/** Packed by no method, so that it is no bomb by its ratio. */
const yaml = (data: string): ZipEntry => ({ name: "comicbox.yaml", data, method: 0 });
const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><ComicInfo><Series>&b;</Series></ComicInfo>`;
const millionEntries = (): Buffer => {
  const names = Object.fromEntries(
    Array.from({ length: 25_000 }, (_, at) => [`${at}.jpg`, new Uint8Array(0)]),
  );
  return Buffer.from(zipSync(names, { level: 0 }));
};

/** Archives that are turned down: each with its code and a part of the reason. */
const hostile: [string, () => Uint8Array, string, RegExp][] = [
  ["empty", () => new Uint8Array(0), "COMIC_EMPTY", /no bytes/],
  [
    "a RAR",
    () => Buffer.concat([Buffer.from("Rar!\x1a\x07\x01\0", "latin1"), good]).subarray(0, 60),
    "COMIC_TYPE",
    /RAR/,
  ],
  ["a PDF", () => Buffer.from("%PDF-1.7\n".repeat(100)), "COMIC_TYPE", /PDF/],
  ["a picture", () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), "COMIC_TYPE", /picture/],
  ["prose", () => Buffer.from("once upon a time"), "COMIC_TYPE", /no archive/],
  ["zeros", () => Buffer.alloc(4096), "COMIC_TYPE", /no archive/],
  ["cut in the list", () => good.subarray(0, good.length - 30), "COMIC_TRUNCATED", /list of entries/],
  ["cut in the end", () => good.subarray(0, good.length - 4), "COMIC_DAMAGED", /./],
  ["a beginning that is lost", () => good.subarray(20), "COMIC_DAMAGED", /./],
  ["an encrypted entry", () => zipBytes([{ ...page, method: 8, flags: 1 }]), "COMIC_ENCRYPTED", /encrypted/],
  ["a bomb by ratio", () => zipBytes([page, spaces(1_000_000)]), "COMIC_TOO_LARGE", /unpacks to 1000000/],
  ["a bomb by size", () => zipBytes([page, spaces(5_000_000)]), "COMIC_TOO_LARGE", /5000000 bytes/],
  [
    "a bomb that lies",
    () => zipBytes([page, { ...spaces(500_000), bytes: 1000 }]),
    "COMIC_DAMAGED",
    /unpack/,
  ],
  [
    "a size that lies",
    () => zipBytes([page, { ...info(""), bytes: 9000 }]),
    "COMIC_DAMAGED",
    /list of entries/,
  ],
  [
    "a checksum that lies",
    () => zipBytes([page, { ...info(""), crc: 1 }]),
    "COMIC_DAMAGED",
    /list of entries/,
  ],
  [
    "packed beyond the end",
    () => zipBytes([page, { ...info(""), packedBytes: 90_000 }]),
    "COMIC_TRUNCATED",
    /beyond|overflows/,
  ],
  [
    "an offset beyond the end",
    () => zipBytes([page, { ...info(""), offset: 1e9 }]),
    "COMIC_TRUNCATED",
    /metadata/,
  ],
  ["an offset into a page", () => zipBytes([page, { ...info(""), offset: 3 }]), "COMIC_DAMAGED", /./],
  ["more entries told than there are", () => zipBytes([page], { count: 900 }), "COMIC_DAMAGED", /./],
  ["a list beyond the end", () => zipBytes([page], { listOffset: 0xfffffff0 }), "COMIC_DAMAGED", /./],
  ["a list at the front", () => zipBytes([page], { listOffset: 0 }), "COMIC_DAMAGED", /./],
  [
    "garbage as deflate",
    () => zipBytes([page, { ...info(""), data: "xx", method: 8, bytes: 2 }]).fill(0xff, 91, 95),
    "COMIC_DAMAGED",
    /./,
  ],
  [
    "another method",
    () => zipBytes([page, { ...info("<Series>A</Series>"), method: 14 }]),
    "COMIC_TYPE",
    /method 14/,
  ],
  ["a name that climbs", () => zipBytes([{ ...page, name: "../../etc/x.jpg" }]), "COMIC_NAMES", /\.\./],
  ["an absolute name", () => zipBytes([{ ...page, name: "/etc/x.jpg" }]), "COMIC_NAMES", /./],
  ["a drive's name", () => zipBytes([{ ...page, name: "C:\\x.jpg" }]), "COMIC_NAMES", /./],
  ["the same name twice", () => zipBytes([page, page]), "COMIC_NAMES", /two of its entries/],
  ["very many entries", millionEntries, "COMIC_TOO_LARGE", /20000 entries/],
  [
    "nothing that is a comic",
    () => zipBytes([{ name: "readme.txt", data: "hello" }]),
    "COMIC_TYPE",
    /neither pages/,
  ],
  ["no entries", () => zipBytes([]), "COMIC_TYPE", /neither pages/],
  [
    "entities",
    () => zipBytes([page, { name: "ComicInfo.xml", data: laughs }]),
    "COMIC_METADATA",
    /document type/,
  ],
  ["deep elements", () => zipBytes([page, info("<a>".repeat(5000))]), "COMIC_METADATA", /more elements/],
  ["deep YAML", () => zipBytes([page, yaml("- ".repeat(30_000))]), "COMIC_METADATA", /nests deeper/],
  ["deep brackets", () => zipBytes([page, yaml("{a: ".repeat(3000))]), "COMIC_METADATA", /nests deeper/],
  ["deep lines", () => zipBytes([page, yaml(`${" ".repeat(300)}a: 1`)]), "COMIC_METADATA", /nests deeper/],
  [
    "large YAML",
    () => zipBytes([page, { name: "comicbox.yaml", data: "a: [1, 2, 3]\n".repeat(6000) }]),
    "COMIC_TOO_LARGE",
    /YAML|unpacks/,
  ],
  [
    "tar, cut",
    () => tarEntry("1.jpg", Buffer.alloc(2000)).subarray(0, 900),
    "COMIC_TRUNCATED",
    /within an entry/,
  ],
  [
    "tar, a size that lies",
    () => Buffer.concat([tarEntry("1.jpg", "x", "0", 8 ** 10), tarEnd]),
    "COMIC_TRUNCATED",
    /./,
  ],
  [
    "tar, a bad header",
    () => Buffer.concat([tarEntry("1.jpg", "x"), Buffer.alloc(512, 0x41), tarEnd]),
    "COMIC_DAMAGED",
    /checksum/,
  ],
  [
    "tar, a name that climbs",
    () => Buffer.concat([tarEntry("../1.jpg", "x"), tarEnd]),
    "COMIC_NAMES",
    /\.\./,
  ],
  [
    "tar, a long name that climbs",
    () => Buffer.concat([tarEntry("long", "a/../../1.jpg\0", "L"), tarEntry("cut", "x"), tarEnd]),
    "COMIC_NAMES",
    /\.\./,
  ],
  [
    "tar, a bad pax header",
    () => Buffer.concat([tarEntry("pax", "9999 path=x\n", "x"), tarEntry("1.jpg", "x"), tarEnd]),
    "COMIC_DAMAGED",
    /extended/,
  ],
];

test("each archive that is made to harm costs itself alone", async () => {
  folder.write("lib/0 first.cbz", good);
  for (const [at, [, bytes]] of hostile.entries())
    folder.write(`lib/case ${String(at).padStart(3, "0")}.cbz`, bytes());
  folder.write("lib/zz last.cbz", good);
  const { records, rejects } = await drain(folder.file("lib"));
  const seen = rejects.map(
    ({ code, reason }) => [Number(/case (\d+)/.exec(reason)?.[1]), code, reason] as const,
  );
  const verdicts = hostile.map(([name, , code, reason], at) => {
    const [, foundCode, foundReason = ""] = seen.find(([number]) => number === at) ?? [];
    const isSo = foundCode === code && reason.test(foundReason);
    return [name, isSo ? "as expected" : `${foundCode}: ${foundReason}`];
  });
  expect(verdicts).toEqual(hostile.map(([name]) => [name, "as expected"]));
  expect(rejects).toHaveLength(hostile.length);
  expect(records.Comic!.map(({ path }) => path)).toEqual(["0 first.cbz", "zz last.cbz"]);
  expect(records.FailedImport).toHaveLength(hostile.length);
}, 60_000);

test("what an archive is its content says, not its name", async () => {
  const tar = Buffer.concat([
    tarEntry("long", `${"d/".repeat(60)}002.png\0`, "L"),
    tarEntry("cut off", "x"),
    tarEntry("pax", Buffer.concat([paxRecord("mtime", "1.5"), paxRecord("path", "é/ComicInfo.xml")]), "x"),
    tarEntry("other", comicInfo("<Series>In tar</Series>")),
    tarEntry("folder/", "", "5"),
    tarEntry("001.png", "y"),
    tarEnd,
  ]);
  folder.write("lib/a.cbr", good);
  folder.write("lib/b.cbz", tar);
  folder.write("lib/c.cb7", Buffer.concat([Buffer.from("#!/bin/sh\n"), zipBytes([page], {})]));
  const { records, rejects } = await drain(folder.file("lib"));
  expect(records.Comic).toMatchObject([
    { path: "a.cbr", fileType: "cbz", seriesName: "Good" },
    { path: "b.cbz", fileType: "cbt", seriesName: "In tar", pageCount: 2, cover: "001.png" },
  ]);
  // What stands in front of a zip archive moves all that its list points at.
  expect(rejects).toMatchObject([{ code: "COMIC_DAMAGED" }]);
});

test("metadata of a large archive is found wherever it lies", async () => {
  const large: ZipEntry = { name: "002.jpg", data: Buffer.alloc(200_000, 7), method: 0 };
  const comment = "x".repeat(65_000);
  folder.write("lib/front.cbz", zipBytes([info("<Series>Front</Series>"), page, large]));
  folder.write(
    "lib/mid.cbz",
    zipBytes([large, info("<Series>Middle</Series>"), { ...large, name: "3.jpg" }]),
  );
  folder.write("lib/rear.cbz", zipBytes([page, large, info("<Series>Rear</Series>")], { comment }));
  const { records, rejects } = await drain(folder.file("lib"));
  expect(rejects).toEqual([]);
  expect(records.Comic!.map(({ seriesName }) => seriesName)).toEqual(["Front", "Middle", "Rear"]);
});

test("archives with bytes that were changed at random are comics or rejects, and nothing else", async () => {
  const tar = Buffer.concat([
    tarEntry("1.jpg", "x"),
    tarEntry("ComicInfo.xml", comicInfo("<Year>1999</Year>")),
    tarEnd,
  ]);
  const originals = [good, zipBytes([yaml("comicbox: {series: A}"), page], { comment: "{}" }), tar];
  const byte = fc.record({ at: fc.nat({ max: 400 }), value: fc.nat({ max: 255 }) });
  const changes = fc.sample(fc.array(byte, { minLength: 1, maxLength: 4 }), { numRuns: 400, seed: 7 });
  for (const [number, change] of changes.entries()) {
    const bytes = Buffer.from(originals[number % originals.length]!);
    for (const { at, value } of change) bytes[at % bytes.length] = value;
    folder.write(`lib/${number}.cbz`, number % 7 === 0 ? bytes.subarray(0, change[0]!.at) : bytes);
  }
  const { records, rejects } = await drain(folder.file("lib"));
  expect(records.Comic!.length + rejects.length).toBe(changes.length);
  expect(Math.min(records.Comic!.length, rejects.length)).toBeGreaterThan(50);
}, 60_000);
