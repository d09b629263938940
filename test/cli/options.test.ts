import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeProgram } from "../../src/cli/program.js";
import type { OptionValues } from "../../src/settings/index.js";
import { commandTable, optionFlags, optionsOf, optionTable } from "../../src/settings/index.js";

async function parse(args: string[], environment: Record<string, string> = {}) {
  let text = "";
  let values: OptionValues | undefined;
  let words: readonly string[] = [];
  const program = makeProgram({
    version: "1.2.3",
    environment,
    folder: fileURLToPath(new URL(".", import.meta.url)),
    writeOut: (part) => {
      text += part;
    },
    writeError: () => {},
    run: async (_runner, given, options) => {
      words = given;
      values = options;
    },
  });
  const error = await program.parseAsync(args, { from: "user" }).then(
    () => null,
    (reason: unknown) => reason as Error,
  );
  return { text, values: values!, words, error };
}

test("every option has its variable, help and a command", () => {
  for (const row of optionTable) {
    expect(row.env).toMatch(/^PLIMSOLL_[A-Z_]+$/);
    expect(row.help).not.toBe("");
    expect(row.commands).not.toHaveLength(0);
    expect(row.type === "flag").toBe(row.value === undefined);
  }
  for (const { name } of commandTable) {
    const flags = optionsOf(name).map(optionFlags);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(optionsOf(name).map(({ env }) => env)).size).toBe(flags.length);
  }
});

test("values of every type, from the command line", async () => {
  const { values, words } = await parse(
    "import a.csv b.csv --into x --key a,b --key c --text t,u --threads 3 --sync-bytes 1MiB --fresh --no-check-ids".split(
      " ",
    ),
  );
  expect(words).toEqual(["a.csv", "b.csv"]);
  expect(values.text("into")).toBe("x");
  expect(values.list("key")).toEqual(["a", "b", "c"]);
  expect(values.list("text")).toEqual(["t", "u"]);
  expect(values.number("threads")).toBe(3);
  expect(values.number("sync-bytes")).toBe(1024 * 1024);
  expect([values.flag("fresh"), values.flag("dry-run"), values.flag("no-check-ids")]).toEqual([
    true,
    false,
    true,
  ]);
  expect(values.flag("no-text")).toBe(false);
  expect(values.toArguments("import", (name) => name !== "into").join(" ")).toBe(
    "--key a,b,c --text t,u --threads 3 --sync-bytes 1048576 --fresh --no-check-ids",
  );
});

test("variables stand in for options, and the command line wins", async () => {
  const environment = {
    PLIMSOLL_INTO: "store",
    PLIMSOLL_THREADS: "4",
    PLIMSOLL_KEY: "a, b",
    PLIMSOLL_FRESH: "0",
    PLIMSOLL_DRY_RUN: "yes",
    PLIMSOLL_NO_TEXT: "1",
    PLIMSOLL_MEMORY: "",
  };
  const { values } = await parse(["import", "a", "--threads", "2"], environment);
  expect(values.text("into")).toBe("store");
  expect(values.number("threads")).toBe(2);
  expect(values.list("key")).toEqual(["a", "b"]);
  expect([values.flag("fresh"), values.flag("dry-run"), values.flag("no-text")]).toEqual([false, true, true]);
  expect(values.text("memory")).toBeNull();
  expect(values.originOf("threads")).toEqual({ kind: "flag", text: "--threads" });
  expect(values.originOf("into")).toEqual({ kind: "variable", text: "PLIMSOLL_INTO" });
  expect(values.originOf("memory")).toBeNull();
  const wrong = await parse(["import", "a"], { PLIMSOLL_THREADS: "many" });
  expect(wrong.error).toMatchObject({ code: "USAGE" });
  expect(wrong.error!.message).toContain('PLIMSOLL_THREADS must be a whole number, 0 or more, not "many"');
});

test.each([
  [["import", "--threads", "x"], "must be a whole number"],
  [["import", "--on-error", "explode"], "must be one of reject, abort"],
  [["import", "--key", "a,,b"], "must be names, separated by commas"],
  [["import", "--sync-bytes", "10%"], "must be a size"],
  [["import", "--memry", "1"], "Did you mean --memory?"],
  [["imprt"], "Did you mean import?"],
  [["query"], "no store is named"],
  [["stats", "a", "b"], "one store at a time"],
])("%s is wrong usage", async (args, message) => {
  const { error } = await parse(args);
  expect(error!.message).toContain(message);
});

test.each(commandTable.map(({ name }) => name))(
  "help of %s shows its options, variables and examples",
  async (name) => {
    const { text } = await parse([name, "--help"]);
    const flat = text.replace(/\s+/g, " ");
    for (const row of optionsOf(name)) {
      expect(flat).toContain(optionFlags(row));
      expect(flat).toContain(`[env: ${row.env}]`);
    }
    expect(text).toContain("Examples:");
    expect(text).toContain(`$ plimsoll ${name}`);
  },
);
