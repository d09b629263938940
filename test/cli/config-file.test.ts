import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfiguration } from "../../src/cli/config-file.js";
import { makeProgram } from "../../src/cli/program.js";
import { configBytesMax } from "../../src/kernel/index.js";
import type { OptionValues } from "../../src/settings/index.js";
import { optionsOf, optionTable, rowKey } from "../../src/settings/index.js";

const root = mkdtempSync(join(tmpdir(), "plimsoll-config-"));
let folder = root;
let folders = 0;
beforeEach(() => {
  folder = join(root, String(++folders));
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function valuesOf(args: string[], environment: Record<string, string> = {}): Promise<OptionValues> {
  let values: OptionValues | undefined;
  const program = makeProgram({
    version: "1.2.3",
    environment,
    folder,
    writeOut: () => {},
    writeError: () => {},
    run: async (_runner, _words, read) => {
      values = read;
    },
  });
  await program.parseAsync(args, { from: "user" });
  return values!;
}

const yaml = `# a comment
memory: 60%,64MiB..1GiB
threads: 3
import:
  into: ./store
  key: [a, b]
  index: c, d
  sync-every: 1000
  run-buffer: 64MiB
  dirty-pages: 8388608
  fresh: true
  no-text: true
  on-error: abort
plan:
  threads: 5
`;

const toml = `# a comment
memory = "60%,64MiB..1GiB"
threads = 3

[import]
into = "./store"
key = ["a", "b"]
index = "c, d"
sync-every = 1_000
run-buffer = "64MiB"
dirty-pages = 8388608
fresh = true
no-text = true
on-error = "abort"

[plan]
threads = 5
`;

describe.each([
  ["plimsoll.yaml", yaml],
  ["plimsoll.yml", yaml],
  ["plimsoll.toml", toml],
])("%s", (name, text) => {
  test("gives every type, to its command", async () => {
    write(name, text);
    const values = await valuesOf(["import", "a"]);
    expect(values.text("memory")).toBe("60%,64MiB..1GiB");
    expect(values.originOf("memory")).toEqual({ kind: "file", text: `${name}: memory` });
    expect(values.text("into")).toBe("./store");
    expect(values.originOf("into")).toEqual({ kind: "file", text: `${name}: import.into` });
    expect([values.list("key"), values.list("index")]).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(["threads", "sync-every", "run-buffer", "dirty-pages"].map((key) => values.number(key))).toEqual([
      3,
      1000,
      64 * 1024 * 1024,
      8 * 1024 * 1024,
    ]);
    expect([values.flag("fresh"), values.flag("no-text"), values.flag("dry-run")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(values.text("on-error")).toBe("abort");
    const plan = await valuesOf(["plan", "a"]);
    expect([plan.number("threads"), plan.text("into")]).toEqual([5, null]);
    expect((await valuesOf(["stats", "s"])).text("memory")).toBeNull();
  });

  test("the command line wins over the variable, and that over the file", async () => {
    write(name, text);
    const environment = { PLIMSOLL_THREADS: "7", PLIMSOLL_MEMORY: "1GiB", PLIMSOLL_KEY: "id" };
    const values = await valuesOf(["import", "a", "--threads", "9"], environment);
    expect([values.number("threads"), values.text("memory")]).toEqual([9, "1GiB"]);
    expect(values.list("key")).toEqual(["id"]);
    expect(values.originOf("memory")?.text).toBe("PLIMSOLL_MEMORY");
    expect(values.number("sync-every")).toBe(1000);
  });
});

test("another way to say the same, said nearer to the command, takes the place of the file's", async () => {
  write("plimsoll.yaml", "import:\n  mapping: m.yaml\nquery:\n  nostr: '{}'\n");
  const importing = await valuesOf(["import", "a", "--key", "id"], { PLIMSOLL_RANGE: "size" });
  expect([importing.text("mapping"), importing.list("key")]).toEqual([null, ["id"]]);
  expect([importing.originOf("mapping"), importing.list("range")]).toEqual([null, ["size"]]);
  const preset = await valuesOf(["import", "a"], { PLIMSOLL_PRESET: "nostr" });
  expect([preset.text("preset"), preset.text("mapping")]).toEqual(["nostr", null]);
  const querying = await valuesOf(["query", "s", "--filter", "{}"]);
  expect([querying.text("filter"), querying.text("nostr")]).toEqual(["{}", null]);
  // Said in one place they still exclude each other, which the command itself says.
  const both = await valuesOf(["import", "a", "--key", "id", "--preset", "nostr"]);
  expect([both.text("preset"), both.list("key")]).toEqual(["nostr", ["id"]]);
});

test("a file by another name: by option or variable, wherever it lies; the usual one is then left alone", async () => {
  write("plimsoll.yaml", "nonsense: 1\n");
  const path = write("other.toml", 'memory = "1GiB"\n');
  for (const values of [
    await valuesOf(["memory", "--config", path]),
    await valuesOf(["memory"], { PLIMSOLL_CONFIG: path }),
  ]) {
    expect(values.text("memory")).toBe("1GiB");
    expect(values.originOf("memory")?.text).toBe(`${path}: memory`);
    expect(values.toArguments("memory", () => true)).toEqual(["--memory", "1GiB"]);
  }
});

test.each(["", "# nothing\n", "{}\n", "import:\n", "import: {}\n"])("%j says nothing", async (text) => {
  write("plimsoll.yaml", text);
  expect((await valuesOf(["import", "a"])).text("memory")).toBeNull();
});

test.each([
  [
    "plimsoll.yaml",
    "memory: 1GiB\nmemroy: 2GiB\n",
    ', line 2: memroy is no setting (did you mean "memory"?)',
  ],
  [
    "plimsoll.toml",
    'threads = 2\n\n[import]\nrun-bufer = "1MiB"\n',
    ", line 4: import.run-bufer is no setting",
  ],
  ["plimsoll.yaml", "import:\n  filter: '{}'\n", ", line 2: import.filter is misplaced: it belongs to query"],
  [
    "plimsoll.toml",
    'memory.threads = 2\nquery.into = "x"\n',
    ", line 2: query.into is misplaced: it belongs to import",
  ],
  ["plimsoll.yaml", "threads: many\n", ', line 1: threads must be a whole number, 0 or more, not "many"'],
  ["plimsoll.yaml", "threads: '4'\n", ", line 1: threads must be a whole number"],
  ["plimsoll.yaml", "threads: 2.5\n", ", line 1: threads must be a whole number"],
  ["plimsoll.yaml", "fresh: 1\n", ", line 1: fresh must be true or false, not 1"],
  ["plimsoll.yaml", "run-buffer: 10%\n", ", line 1: run-buffer must be a size such as 64MiB"],
  ["plimsoll.yaml", "into: [a]\n", ', line 1: into must be a text, not ["a"]'],
  ["plimsoll.yaml", "into:\n", ", line 1: into must be a text, and it has no value"],
  ["plimsoll.yaml", "key: []\n", ", line 1: key must be a list of names, not []"],
  ["plimsoll.yaml", "key: [1]\n", ", line 1: key must be a list of names, not [1]"],
  ["plimsoll.toml", "into = 1979-05-27\n", ", line 1: into must be a text, not"],
  ["plimsoll.yaml", "on-error: explode\n", ", line 1: on-error must be one of reject, abort"],
  [
    "plimsoll.yaml",
    "format: csv\n",
    ", line 1: format means different things to import, plan, infer, export",
  ],
  ["plimsoll.yaml", "config: a.yaml\n", ", line 1: config cannot stand in the file that it names"],
  ["plimsoll.yaml", "import: 3\n", ", line 1: import is a section, and needs keys with values in it"],
  ["plimsoll.yaml", "version: 1\nentities: {}\n", ", line 1: version is no setting"],
  ["plimsoll.yaml", "- a\n- b\n", ": it holds no keys with values"],
  ["plimsoll.yaml", "threads: 1\nthreads: 2\n", ", line 2: it is no YAML: Map keys must be unique"],
  ["plimsoll.yaml", "a: 'b\n", ", line 2: it is no YAML: Missing closing 'quote"],
  ["plimsoll.toml", "threads = 1\nthreads = 2\n", ", line 2: it is no TOML: "],
  ["plimsoll.toml", "threads =\n", ", line 1: it is no TOML: "],
])("%s %j is refused", async (name, text, message) => {
  write(name, text);
  // Whatever the command: a mistake shows at once.
  const error = await valuesOf(["stats", "s"]).catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({ code: "CONFIG_INVALID" });
  expect((error as Error).message).toContain(name + message);
});

test("two files of the usual names, one that is not there, and one that is too large", async () => {
  write("plimsoll.yaml", "threads: 1\n");
  write("plimsoll.toml", "threads = 1\n");
  await expect(valuesOf(["memory"])).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("plimsoll.yaml: plimsoll.toml is here as well"),
  });
  await expect(valuesOf(["memory", "--config", join(folder, "no.yaml")])).rejects.toMatchObject({
    code: "CONFIG_UNREADABLE",
    message: expect.stringMatching(/no\.yaml \(ENOENT.*Check its path/),
  });
  const large = write("large.yaml", `# ${"x".repeat(configBytesMax)}\n`);
  await expect(valuesOf(["memory", "--config", large])).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("every key of every command can be written in both languages and is read back", async () => {
  const sampleOf = (row: (typeof optionTable)[number]): string | number | boolean | string[] =>
    row.type === "flag"
      ? true
      : row.type === "count"
        ? 7
        : row.type === "bytes"
          ? "9MiB"
          : row.type === "list"
            ? ["x", "y"]
            : row.type === "choice"
              ? row.choices![0]!
              : "some text";
  for (const command of new Set(optionTable.flatMap((row) => row.commands))) {
    const rows = optionsOf(command).filter(({ name }) => name !== "config");
    const lines = rows.map((row) => [rowKey(row), JSON.stringify(sampleOf(row))] as const);
    const files = {
      "a.yaml": `${command}:\n${lines.map(([key, value]) => `  ${key}: ${value}\n`).join("")}`,
      "a.toml": `[${command}]\n${lines.map(([key, value]) => `${key} = ${value}\n`).join("")}`,
    };
    for (const [name, text] of Object.entries(files)) {
      const configuration = await loadConfiguration(write(name, text), folder);
      for (const row of rows) {
        const wanted = row.type === "bytes" ? 9 * 1024 * 1024 : sampleOf(row);
        expect(configuration.settingOf(command, row)?.value).toEqual(wanted);
      }
    }
  }
});
