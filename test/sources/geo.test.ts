import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readAll } from "../../conformance/source-reading.js";
import { hasCommand, resolveSources } from "../../src/sources/index.js";

const geo = join(process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data"), "geo");
const isThere = existsSync(geo);
const title = (text: string) => (isThere ? text : `${text} (no test data; set PLIMSOLL_TEST_DATA)`);

async function countOf(...args: string[]): Promise<number> {
  let count = 0;
  for (const source of await resolveSources(args, { cwd: geo })) {
    for (const { records } of await readAll(source, { bufferBytes: 1 << 20, recordBytesMax: 1 << 20 }))
      count += records.length;
  }
  return count;
}

test.skipIf(!isThere)(
  title("all the cities are framed"),
  async () => {
    let twin = 0;
    for (const file of readdirSync(join(geo, "cities"))) {
      const text = gunzipSync(readFileSync(join(geo, "cities", file))).toString();
      const values = text.trimStart().startsWith("[")
        ? JSON.parse(text)
        : text.split("\n").filter((line) => line.trim());
      twin += values.length;
    }
    expect(await countOf("cities")).toBe(twin);
    expect(twin).toBe(58_227);
  },
  60_000,
);

test.skipIf(!isThere || !hasCommand("python3"))(
  title("the tables are framed as another reader counts them"),
  async () => {
    for (const file of ["countries.csv", "states.csv"]) {
      const script =
        "import csv,sys;print(sum(1 for row in csv.reader(open(sys.argv[1],newline='')) if row)-1)";
      const twin = Number(execFileSync("python3", ["-c", script, join(geo, file)], { encoding: "utf8" }));
      expect(await countOf(file)).toBe(twin);
    }
  },
);
