import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../bin/plimsoll.js", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-cli-"));
  writeFileSync(join(folder, "cities.csv"), "id,name,population\n1,Rome,2800000\n2,Oslo,700000\n");
  writeFileSync(join(folder, "bad.yaml"), "version: 1\nentities: {A: {fields: {a: strng}}}\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number;
  out: string;
  error: string;
}

function plimsoll(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd: folder, env: { ...process.env, ...environment } };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], options, (failure, out, error) => {
      const code = failure === null ? 0 : typeof failure.code === "number" ? failure.code : -1;
      resolve({ code, out, error });
    });
  });
}

test.each([
  [[], 2, "Usage: plimsoll"],
  [["imprt"], 2, "USAGE: unknown command 'imprt' (Did you mean import?)"],
  [["import", "cities.csv"], 2, "USAGE: --into TARGET is missing"],
  [["import", "--into", "null:"], 2, "USAGE: no source is named"],
  [["import", "cities.csv", "--into", "null:", "--memry", "1"], 2, "Did you mean --memory?"],
  [["import", "cities.csv", "--into", "null:", "--threads", "two"], 2, "must be a whole number"],
  [["import", "cities.csv", "--into", "null:", "--memory", "lots"], 2, "is no memory line"],
  [["import", "cities.csv", "--into", "null:", "--preset", "nosrt"], 2, 'did you mean "nostr"'],
  [["import", "cities.csv", "--into", "mongodb:x"], 2, "names no target that there is"],
  [
    ["import", "cities.csv", "--into", "null:", "--preset", "nostr", "--key", "id"],
    2,
    "cannot be given together",
  ],
  [["query", "store"], 2, "--filter, --match or --nostr is missing"],
  [["query"], 2, "no store is named"],
  [["import", "towns.csv", "--into", "null:"], 1, "SOURCE_NOT_FOUND"],
  [["import", "cities.csv", "--into", "null:", "--mapping", "no.yaml"], 1, "MAPPING_UNREADABLE"],
  [["import", "cities.csv", "--into", "null:", "--mapping", "bad.yaml"], 1, 'did you mean "string"'],
  [["import", "cities.csv", "--into", "null:", "--range", "popluation"], 1, 'did you mean "population"'],
  [["stats", "nowhere"], 1, "STORE_ABSENT"],
] as [string[], number, string][])("plimsoll %j ends with %i", async (args, code, message) => {
  const ended = await plimsoll(args);
  expect(ended.error).toContain(message);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: "" });
});

test("help and version go to stdout and end well", async () => {
  const [help, version] = await Promise.all([plimsoll(["import", "--help"]), plimsoll(["--version"])]);
  expect([help.code, version.code]).toEqual([0, 0]);
  expect(help.out).toContain("PLIMSOLL_MEMORY");
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("a variable that is wrong is named", async () => {
  const ended = await plimsoll(["memory"], { PLIMSOLL_THREADS: "x" });
  expect(ended).toMatchObject({ code: 2, out: "" });
  expect(ended.error).toContain("PLIMSOLL_THREADS must be a whole number");
});

test("infer prints a mapping that can be used", async () => {
  const { code, out, error } = await plimsoll(["infer", "cities.csv"]);
  expect({ code, out }).toEqual({
    code: 0,
    out: [
      "version: 1",
      "entities:",
      "  City:",
      "    key: id",
      "    fields:",
      "      id: int",
      "      name: { type: string, index: exact }",
      "      population: { type: int, index: range }",
      "",
    ].join("\n"),
  });
  expect(error).toContain('City: key "id" is unique in 2 sampled records');
});

test("plan shows the mapping, the line, its shares and an honest estimate, and writes nothing", async () => {
  const args = [
    "plan",
    "cities.csv",
    "--into",
    "store",
    "--key",
    "id",
    "--range",
    "population",
    "--memory",
    "1GiB",
  ];
  const { code, out } = await plimsoll(args);
  expect(code).toBe(0);
  for (const text of [
    "cities.csv: csv",
    "holds City",
    "index: range",
    "from --memory",
    "runBuffers",
    "about 2 records",
  ]) {
    expect(out).toContain(text);
  }
  expect((await plimsoll(["stats", "store"])).error).toContain("STORE_ABSENT");
});
