import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { countDanglingLinks } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importInto, makeFolder, projectFile, readRejects } from "../support/cli.js";
import { countHere, isReading, killImport, seenHere, whileReading } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);
const msMax = 120_000;
let stores = 0;
/** A test that is tried again begins with nothing. */
const newStore = () => `store-${stores++}`;

const table = (root: string, rows: readonly string[]) =>
  `\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<${root}>\r\n${rows.map((row) => `  ${row}\r\n`).join("")}</${root}>`;
const posts = table("posts", [
  '<row Id="1" PostTypeId="1" Score="3" Title="How?" Tags="|a|b|" OwnerUserId="7" NewThing="kept" />',
  '<row Id="2" PostTypeId="2" ParentId="1" Body="&lt;p&gt;So.&#xA;&lt;/p&gt;" />',
]);
const users = table("users", ['<row Id="7" Reputation="1" DisplayName="Ann" />']);

describe("files of Stack Exchange", { timeout: msMax }, () => {
  test("are told by their content, and strays among them are passed over", async () => {
    folder.write("mixed/site.example-1.xml", posts);
    folder.write("mixed/people.bin.gz", gzipSync(users));
    folder.write("mixed/tags.xml", table("tags", []));
    folder.write("mixed/notes.json", '{"a":1}\n');
    folder.write("mixed/README.md", "# Words, and more words\n");
    folder.write("mixed/feed.xml", "<?xml version='1.0'?>\n<feed>\n<row Id='1'/>\n</feed>\n");
    let store = "";
    for (const words of [[], ["--format", "stackexchange"], ["--preset", "stackexchange"]]) {
      store = newStore();
      const { code, error, report } = await importInto(folder, ["mixed", ...words, "--into", store]);
      expect(code, error).toBe(0);
      expect(report!.records).toMatchObject({ read: 3, stored: 3 });
      for (const stray of ["notes.json", "README.md", "feed.xml"]) {
        expect(error).toContain(`mixed/${stray} is passed over`);
      }
      expect(
        await countHere(folder.file(store), { entity: "Post", where: { "OwnerUserId.DisplayName": "Ann" } }),
      ).toBe(1);
    }
    const { lines } = await seenHere(folder.file(store));
    expect(lines).toContain(
      '{"Id":1,"PostTypeId":1,"Score":3,"Title":"How?","Tags":["a","b"],"OwnerUserId":7,"NewThing":"kept"}',
    );
  });

  test("come by a stream too, and into a store that has other tables already", async () => {
    const store = newStore();
    const into = ["-", "--into", store];
    const dangling = async () => {
      await using reader = await openStoreReader(folder.file(store));
      return countDanglingLinks(reader);
    };
    const first = await importInto(folder, into, { input: gzipSync(posts) });
    expect([first.code, await dangling()], first.error).toEqual([0, 3]);
    const second = await importInto(folder, into, { input: users });
    expect([second.code, await dangling()], second.error).toEqual([0, 2]);
    const authors = { entity: "User", where: { "Post.OwnerUserId": { Score: 3 } } };
    expect(await countHere(folder.file(store), authors)).toBe(1);
    const again = await importInto(folder, [...into, "--on-conflict", "replace"], {
      input: posts.replace('Score="3"', 'Score="4"'),
    });
    expect(again.report!.records, again.error).toMatchObject({ read: 2, replaced: 2 });
    expect(await countHere(folder.file(store), { entity: "Post", where: { Score: 4 } })).toBe(1);
  });

  test("in an archive are gone on with behind a kill, and end where they are to end", async () => {
    const archive = projectFile("test/sources/archives/bzip2.7z");
    const words = [archive, "--sync-every", "500"];
    const store = newStore();
    await killImport({
      words,
      store: folder.file(store),
      cwd: folder.path,
      at: whileReading,
      isThere: isReading,
    });
    const { code, error, report } = await importInto(folder, [...words, "--into", store]);
    expect(code, error).toBe(0);
    expect(report!.resumedFrom?.source).toBe(`${archive}/Posts.xml`);
    expect(report!.records).toMatchObject({ read: 3543, stored: 3543 });
    const { lines, faults } = await seenHere(folder.file(store));
    expect([lines.length, faults]).toEqual([3543, []]);
    // Behind the first 40 records another file of the archive waits, with its decompressor.
    const part = await importInto(folder, [archive, "--limit", "40", "--into", newStore()]);
    expect(part.report!.records.stored, part.error).toBe(40);
  });

  test("lose a bad row alone, with its place", async () => {
    const rows = [
      '<row Id="1" />',
      '<row Id="2" Body="<p>" />',
      '<row Id="x" />',
      "<rwo/>",
      '<row Score="1" />',
      '<row Id="3" />',
    ];
    folder.write("Comments.xml", table("comments", rows).replaceAll("\r\n", "\n"));
    const store = newStore();
    const { code, report } = await importInto(folder, ["Comments.xml", "--into", store]);
    expect([code, report!.records.stored]).toEqual([0, 2]);
    const rejects = readRejects(folder.file(`${store}.rejects.jsonl`));
    expect(rejects.map((reject) => [reject.code, reject.line, reject.record, reject.bytes])).toEqual([
      ["XML_SYNTAX", 4, 2, rows[1]],
      ["FIELD_TYPE", 5, 3, rows[2]],
      ["XML_SYNTAX", 6, 4, rows[3]],
      ["KEY_MISSING", 7, 5, rows[4]],
    ]);
    expect(rejects[0]!.reason).toContain("byte 0x3c");
    const source = readFileSync(folder.file("Comments.xml"));
    expect(source.subarray(rejects[0]!.offset!).toString("utf8").startsWith(rows[1]!)).toBe(true);
  });
});
