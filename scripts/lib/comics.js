// A library of comics: small archives with pages and metadata in all forms, with nulls and wrong types.
import { existsSync, mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import { brokenArchive, brokenKinds } from "./comics-broken.js";
import { comicMetadata, metadataFiles } from "./comics-metadata.js";
import { Random } from "./random.js";
import { tarOf } from "./tar.js";

/** The smallest picture that programs take for a JPEG. */
const page = Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex");
const day = 86400;

/**
 * Makes the library; hands out how many of what kind there are. The same options make the same files, byte for
 * byte and with the same times, so that a library that is made again is the one that was there. `moved` and
 * `changed` are what happened to a library since it was made: made again with them, files are renamed or
 * written anew, and the rest is left alone.
 */
export function makeLibrary({ count, out, seed = 1, broken = 0, moved = 0, changed = 0 }) {
  const made = { comics: 0, broken: 0, moved: 0, changed: 0, kept: 0 };
  const random = new Random(seed);
  for (let number = 0; number < count; number++) {
    const own = new Random(random.below(2 ** 31));
    const fate = new Random(random.below(2 ** 31));
    const metadata = comicMetadata(number, own);
    const path = join(out, metadata.path);
    const isBroken = fate.chance(broken / 100);
    const isMoved = fate.chance(moved / 100);
    const isChanged = fate.chance(changed / 100);
    made[isBroken ? "broken" : "comics"] += 1;
    if (isMoved && existsSync(path)) {
      const other = join(out, "Moved", metadata.path);
      mkdirSync(dirname(other), { recursive: true });
      renameSync(path, other);
      made.moved += 1;
      continue;
    }
    if (existsSync(path) && !isChanged) {
      made.kept += 1;
      continue;
    }
    const bytes = isBroken
      ? brokenArchive(fate.pick(brokenKinds), number)
      : archive(metadata, own, isChanged);
    if (existsSync(path)) made.changed += 1;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    const seconds = 1_600_000_000 + (number % 1000) * day + (isChanged ? 60 : 0);
    utimesSync(path, seconds, seconds);
  }
  return made;
}

function archive(metadata, random, isChanged) {
  const files = {};
  const pages = random.between(4, 24);
  for (let at = 0; at < pages; at++) files[`${String(at).padStart(3, "0")}.jpg`] = page;
  const { entries, comment } = metadataFiles(metadata, random, pages);
  if (isChanged)
    entries["ComicInfo.xml"] = Buffer.from("<ComicInfo><Summary>Changed since.</Summary></ComicInfo>");
  Object.assign(files, entries);
  if (metadata.path.endsWith(".cbt")) return tarOf(files);
  const packed = {};
  for (const [name, bytes] of Object.entries(files)) {
    packed[name] = [bytes, { level: name.endsWith(".jpg") ? 0 : 6, mtime: "2020-01-01T00:00:00" }];
  }
  return withComment(Buffer.from(zipSync(packed)), comment);
}

/** The comment of a zip archive is its end, behind its own length. */
export function withComment(zip, comment) {
  if (comment === null) return zip;
  const bytes = Buffer.from(comment);
  zip.writeUInt16LE(bytes.length, zip.length - 2);
  return Buffer.concat([zip, bytes]);
}
