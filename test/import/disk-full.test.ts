import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importInto, makeFolder } from "../support/cli.js";
import { visibleState } from "../support/imports.js";
import { citiesCsv, peopleCsv, peopleMapping } from "../support/people.js";
import { SmallDisk } from "../support/small-disk.js";

const folder = makeFolder();
const disk = new SmallDisk(folder.file("disk"));
const sizes = ["--memory", "160MiB", "--sync-bytes", "512KiB"];
const words = [
  "people.csv",
  "cities.csv",
  "--mapping",
  "mapping.yaml",
  "--rejects",
  "rejects.jsonl",
  ...sizes,
];

const reason = disk.missing();

describe.skipIf(reason !== null)(reason === null ? "a full disk" : `a full disk (${reason})`, () => {
  let expected: Awaited<ReturnType<typeof visibleState>>;

  beforeAll(async () => {
    folder.write("mapping.yaml", peopleMapping);
    folder.write("cities.csv", citiesCsv);
    folder.write("people.csv", peopleCsv({ count: 40_000, seed: 3 }));
    const whole = await importInto(folder, [...words, "--into", "undisturbed"]);
    expect(whole.code, whole.error).toBe(0);
    expected = await visibleState(folder.file("undisturbed"));
  }, 60_000);

  afterAll(() => folder.remove());

  const cases: [what: string, size: string, target: string, extra: string[]][] = [
    ["the store, at its start", "64k", "disk/store", []],
    ["the store, while reading", "2m", "disk/store", []],
    ["the store, while merging", "6m", "disk/store", []],
    ["the folder of runs, while reading", "1m", "store", ["--temp-dir", "disk"]],
    ["the rejects", "4k", "store", ["--rejects", "disk/rejects.jsonl"]],
  ];

  test.each(cases)(
    "%s: the import stops, and goes on when there is room",
    async (_what, size, target, extra) => {
      disk.mount(size);
      try {
        const args = [...words, "--into", target, ...extra];
        const stopped = await importInto(folder, args);
        expect(stopped.code, stopped.error).toBe(1);
        expect(stopped.error).toMatch(
          /plimsoll: (STORE_FULL|REJECTS_UNWRITABLE): .*run the same command to go on\.\n/,
        );
        expect(stopped.error).not.toContain("UNEXPECTED");
        disk.enlarge();
        const resumed = await importInto(folder, args);
        expect(resumed.code, resumed.error).toBe(0);
        expect(await visibleState(folder.file(target))).toEqual(expected);
      } finally {
        disk.unmount();
        rmSync(folder.file("store"), { recursive: true, force: true });
      }
    },
    60_000,
  );
});
