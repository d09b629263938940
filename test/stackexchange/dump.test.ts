import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileMapping, entityOfSource, mappingToYaml } from "../../src/mapping/index.js";
import type { StoreReader } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import { count, query } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { plimsoll, readReport } from "../support/cli.js";
import { importHere, isReading, killImport, seenHere, whileReading } from "../support/imports.js";
import {
  dumpFiles,
  dumpFolder,
  entities,
  grepCount,
  isDumpThere,
  type Row,
  readRows,
  title,
} from "./dump.js";

const lineMiB = 128;
const msMax = 240_000;
const tables: Record<string, Row[]> = {};
let folder: string;
let reader: StoreReader;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-stackexchange-"));
  if (!isDumpThere) return;
  for (const table of Object.keys(entities)) tables[table] = readRows(table);
  const store = join(folder, "store");
  const options = ["--memory", `${lineMiB}MiB`, "--report", `${store}.json`];
  const { code, error } = await plimsoll(["import", dumpFolder, "--into", store, ...options]);
  expect(code, error).toBe(0);
  reader = await openStoreReader(store);
}, msMax);

afterAll(async () => {
  await reader?.close?.();
  rmSync(folder, { recursive: true });
});

const rows = (table: string): Row[] => tables[table]!;
const posts = () => rows("Posts");
const counted = (entity: string, where: unknown, search?: unknown) =>
  count(reader, { entity, where, ...(search === undefined ? {} : { search }) });
const asked = (filter: unknown): Record<string, unknown>[] =>
  [...query(reader, filter)].map((found) => JSON.parse(Buffer.from(found.bytes).toString("utf8")));
const ids = (found: readonly { Id?: unknown }[]) => found.map(({ Id }) => Number(Id)).sort((a, b) => a - b);

/** A record's members as the texts that the dump has for them. */
function texts(record: Record<string, unknown>): Row {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => {
      if (Array.isArray(value)) return [name, value.map((one) => `<${one}>`).join("")];
      return [name, typeof value === "boolean" ? (value ? "True" : "False") : String(value)];
    }),
  );
}

describe.runIf(isDumpThere)(
  `a dump of Stack Exchange${title}`,
  () => {
    test("is loaded as it is, from its folder alone, under the line", async () => {
      const { memory, records, danglingLinks } = readReport(join(folder, "store.json"))!;
      expect(memory.peakRssBytes).toBeLessThanOrEqual(lineMiB * 2 ** 20);
      expect(records.rejected + records.duplicates).toBe(0);
      const stored: Record<string, Row[]> = {};
      for (const [table, entity] of Object.entries(entities)) {
        expect(counted(entity, {}), table).toBe(grepCount(table, "<row"));
        stored[table] = asked({ entity }).map(texts);
      }
      expect(stored).toEqual(tables);
      const { faults, verified } = await seenHere(join(folder, "store"));
      expect([verified.faults, faults]).toEqual([0, []]);
      expect(danglingLinks).toBe(countDangling());
    });

    test("answers about posts as grep does", () => {
      expect(counted("Post", { PostTypeId: 1 })).toBe(grepCount("Posts", ' PostTypeId="1"'));
      expect(counted("Post", { Tags: "discussion" })).toBe(
        grepCount("Posts", ' Tags="[^"]*&lt;discussion&gt;'),
      );
      expect(counted("Post", { ParentId: 1003 })).toBe(grepCount("Posts", ' ParentId="1003"'));
      expect(counted("Post", { CreationDate: { gte: "2012-01-01", lt: "2013-01-01" } })).toBe(
        grepCount("Posts", ' CreationDate="2012-'),
      );
      expect(counted("Post", { PostTypeId: 1, AnswerCount: 0, Tags: "bug" })).toBe(
        posts().filter((post) => post.AnswerCount === "0" && /<bug>/.test(post.Tags!)).length,
      );
      const scores = posts().map(({ Score }) => Number(Score));
      const top = asked({ entity: "Post", order: "-Score", limit: 9 }).map(({ Score }) => Score);
      expect(top).toEqual(scores.sort((a, b) => b - a).slice(0, 9));
      expect(counted("User", { Reputation: { gte: 1000 } })).toBe(
        rows("Users").filter(({ Reputation }) => Number(Reputation) >= 1000).length,
      );
      expect(counted("User", { Id: -1 })).toBe(1);
    });

    test("finds words in titles, bodies and comments", () => {
      const has = (text: string | undefined, word: string) =>
        (text ?? "")
          .toLowerCase()
          .split(/[^\p{L}\p{N}\p{M}]+/u)
          .includes(word);
      const shown = (html: string | undefined) => (html ?? "").replace(/<[^>]*>|&\w+;/g, " ");
      for (const word of ["helmet", "lock", "tagline", "href", "strong"]) {
        const found = posts().filter(({ Title, Body }) => has(Title, word) || has(shown(Body), word)).length;
        expect(found > 0, word).toBe(word !== "href");
        expect(counted("Post", {}, word), word).toBe(found);
        const comments = rows("Comments").filter(({ Text }) => has(Text, word)).length;
        expect(counted("Comment", {}, word), word).toBe(comments);
      }
    });

    test("leads from post to post, to people, tags, comments and votes", () => {
      const accepted = new Set(posts().map(({ AcceptedAnswerId }) => AcceptedAnswerId));
      const author = rows("Users").find(({ Id }) => Id === "11")!;
      const answers = posts().filter((post) => accepted.has(post.Id) && post.OwnerUserId === author.Id);
      const byName = { OwnerUserId: 11, "Post.AcceptedAnswerId": { exists: true } };
      expect(ids(asked({ entity: "Post", where: byName }))).toEqual(ids(answers));
      const answered = new Set(posts().map(({ ParentId }) => ParentId));
      const open = { PostTypeId: 1, Tags: "discussion", "Post.ParentId": { exists: false } };
      expect(counted("Post", open)).toBe(
        posts().filter(
          ({ Id, PostTypeId, Tags }) =>
            PostTypeId === "1" && /<discussion>/.test(Tags!) && !answered.has(Id!),
        ).length,
      );
      const strangers = { UserId: { exists: true }, "PostId.OwnerUserId.Reputation": { gte: 5000 } };
      const reputation = new Map(rows("Users").map((user) => [user.Id!, Number(user.Reputation)]));
      const owners = new Map(posts().map((post) => [post.Id!, post.OwnerUserId ?? ""]));
      expect(counted("Comment", strangers)).toBe(
        rows("Comments").filter(
          ({ PostId, UserId }) =>
            UserId !== undefined && (reputation.get(owners.get(PostId!) ?? "") ?? 0) >= 5000,
        ).length,
      );
      const used = new Set(posts().flatMap(({ Tags = "" }) => Tags.slice(1, -1).split("><")));
      expect(counted("Tag", { "Post.Tags": { exists: true } })).toBe(
        rows("Tags").filter(({ TagName }) => used.has(TagName!)).length,
      );
      const gold = new Set(
        rows("Badges")
          .filter(({ Class }) => Class === "1")
          .map(({ UserId }) => UserId),
      );
      expect(counted("User", { "Badge.UserId": { Class: 1 } })).toBe(
        rows("Users").filter(({ Id }) => gold.has(Id)).length,
      );
    });

    test("ends the same in whatever order its tables come, and however often it is killed", async () => {
      const expected = (await seenHere(join(folder, "store"))).lines.sort();
      const compiled = compileMapping(findPreset("stackexchange")!);
      const sources = dumpFiles().sort((left, right) => (left.slice(-9) < right.slice(-9) ? 1 : -1));
      const shuffled = join(folder, "shuffled");
      const report = await importHere({
        cwd: folder,
        store: shuffled,
        sources,
        mapping: mappingToYaml(compiled),
        plan: { entityOf: (source) => entityOfSource(source, compiled).name },
      });
      expect(report.danglingLinks).toBe(countDangling());
      expect((await seenHere(shuffled)).lines.sort()).toEqual(expected);
      const killed = join(folder, "killed");
      const words = [dumpFolder, "--sync-bytes", "256KiB"];
      await killImport({ words, store: killed, cwd: folder, at: whileReading, isThere: isReading });
      const { code, error } = await plimsoll(["import", ...words, "--into", killed]);
      expect(code, error).toBe(0);
      expect(error).toContain("resumed");
      const again = await seenHere(killed);
      expect(again.faults).toEqual([]);
      expect(again.lines.sort()).toEqual(expected);
    });
  },
  msMax,
);

/** Links of the preset that lead nowhere. */
function countDangling(): number {
  const { entities: compiled } = compileMapping(findPreset("stackexchange")!);
  const tableOf = (name: string) => Object.keys(entities).find((table) => entities[table] === name)!;
  const keys = compiled.map(
    ({ name, fields, keySlots: [slot] }) =>
      new Set(rows(tableOf(name)).map((row) => row[fields[slot!]!.name])),
  );
  let dangling = 0;
  for (const { name, fields } of compiled) {
    for (const field of fields.filter(({ linkEntity }) => linkEntity !== null)) {
      for (const row of rows(tableOf(name))) {
        const value = row[field.name];
        if (value === undefined) continue;
        const targets = field.name === "Tags" ? value.slice(1, -1).split("><") : [value];
        dangling += targets.filter((target) => !keys[field.linkEntity!]!.has(target)).length;
      }
    }
  }
  return dangling;
}
