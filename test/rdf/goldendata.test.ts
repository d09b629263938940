import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportReport } from "../../src/pipeline/index.js";
import { count, exportRecords, query, verify } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { plimsoll } from "../support/cli.js";

const data = process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data");
const dump = join(data, "goldendata_first_200k.rdf.gz");
const isThere = existsSync(dump);
const title = isThere ? "" : " (no test data; set PLIMSOLL_TEST_DATA)";
const msMax = 120_000;
let folder: string;
let store: string;
let report: ImportReport;

/** What other programs make of the file. */
const shell = (command: string) =>
  execFileSync("sh", ["-c", `zcat "$1" | ${command}`, "sh", dump], { maxBuffer: 2 ** 30 }).toString("utf8");
const counted = (pattern: string) => Number(shell(`sort -u | { grep -cP '${pattern}' || true; }`));

describe.skipIf(!isThere)(`Dgraph's golden data with its schema${title}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-golden-"));
    store = join(folder, "store");
    const schema = join(data, "goldendata.schema");
    const { code, error } = await plimsoll(
      [
        ...["import", dump, "--format", "dgraph-rdf", "--schema", schema, "--into", store],
        ...["--memory", "128MiB", "--report", join(folder, "report.json"), "--progress", "none"],
      ],
      { cwd: folder },
    );
    expect(error).toContain("200,000 stored");
    expect(code).toBe(0);
    report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as ImportReport;
  }, msMax);

  afterAll(() => rmSync(folder, { recursive: true }));

  test("is loaded whole, under the line", { timeout: msMax }, async () => {
    expect(report.records).toMatchObject({ stored: Number(shell("sort -u | wc -l")), rejected: 0 });
    expect(report.memory.peakRssBytes).toBeLessThanOrEqual(128 * 2 ** 20);
    await using reader = await openStoreReader(store);
    expect((await verify(reader)).firstFaults).toEqual([]);
  });

  test("answers as grep does", { timeout: msMax }, async () => {
    await using reader = await openStoreReader(store);
    const found = (filter: object) => count(reader, filter);
    const name = String.raw`^\S+\t<name>\t"`;
    const date = String.raw`^\S+\t<initial_release_date>\t"`;
    expect(found({ where: { name: "Jail Breakers" } })).toBe(counted(`${name}Jail Breakers"`));
    expect(found({ search: { name: "godfather" } })).toBe(counted(String.raw`${name}(?i:.*\bgodfather\b)`));
    expect(found({ where: { name: { exists: true }, language: "ja" } })).toBe(counted(`${name}.*"@ja\\t`));
    expect(found({ where: { initial_release_date: { gte: "1950", lt: "1960" } } })).toBe(
      counted(`${date}195`),
    );
    expect(found({ where: { initial_release_date: { gte: "1986-02", lt: "1986-03" } } })).toBe(
      counted(`${date}1986-02`),
    );
    expect(found({ where: { initial_release_date: "1986" } })).toBe(counted(`${date}1986(-01(-01)?)?"`));
    expect(found({ where: { predicate: "directed_by", object: "m.021r60" } })).toBe(
      counted(String.raw`^\S+\t<directed_by>\t<m\.021r60>`),
    );
    expect(found({ where: { name: { regex: "^God.*r(s|)$" } } })).toBe(counted(`${name}God[^"]*r(s|)"`));
    const [last] = [...query(reader, { where: {}, order: "-initial_release_date", limit: 1 })];
    const latest = shell(`grep -P '${date}' | cut -f3 | cut -d'"' -f2 | sort | tail -1`).trim();
    expect(JSON.parse(Buffer.from(last!.bytes).toString("utf8"))).toMatchObject({ value: latest });
  });

  test("comes out as it went in", { timeout: msMax }, async () => {
    await using reader = await openStoreReader(store);
    const written = Buffer.concat(
      [...exportRecords(reader, { format: "nquads" })].map((piece) => Buffer.from(piece)),
    );
    const lines = written.toString("utf8").split("\n").slice(0, -1).sort();
    // The file has tabs between the terms, and writes tabs in literals as escapes.
    const before = shell(String.raw`sed 's/\t\+/ /g; s/\\t/\t/g'`).split("\n").slice(0, -1).sort();
    expect(lines).toHaveLength(before.length);
    expect(lines.findIndex((line, i) => line !== before[i])).toBe(-1);
  });
});
