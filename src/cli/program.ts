import { Command } from "commander";
import { PlimsollError } from "../kernel/index.js";
import { type CommandName, type CommandRow, commandTable, type OptionValues } from "../settings/index.js";
import type { CommandHost } from "./host.js";
import { addOptions, readOptions } from "./read-options.js";

export type CommandRunner = (host: CommandHost) => Promise<number>;

/** Loaded when the command is run: help and version need none of it. */
const runners: Record<CommandName, () => Promise<CommandRunner>> = {
  import: async () => (await import("./import-command.js")).runImportCommand,
  plan: async () => (await import("./plan-command.js")).runPlanCommand,
  infer: async () => (await import("./infer-command.js")).runInferCommand,
  query: async () => (await import("./query-command.js")).runQueryCommand,
  export: async () => (await import("./export-command.js")).runExportCommand,
  stats: async () => (await import("./stats-command.js")).runStatsCommand,
  verify: async () => (await import("./verify-command.js")).runVerifyCommand,
  serve: async () => (await import("./serve-command.js")).runServeCommand,
  token: async () => (await import("./token-command.js")).runTokenCommand,
  snapshot: async () => (await import("./snapshot-command.js")).runSnapshotCommand,
  memory: async () => (await import("./memory-entry.js")).runMemoryEntry,
};

export interface ProgramOptions {
  version: string;
  environment: Record<string, string | undefined>;
  /** Where a configuration file of the usual name is looked for. */
  folder: string;
  writeOut: (text: string) => void;
  writeError: (text: string) => void;
  /** Runs the command that was chosen. */
  run: (runner: CommandRunner, args: readonly string[], values: OptionValues) => Promise<void>;
}

/** The command line, from the tables of commands and options. */
export function makeProgram(options: ProgramOptions): Command {
  const program = new Command("plimsoll");
  program
    .description("Loads data of any size into indexed stores and never crosses its memory line.")
    .version(options.version, "-v, --version")
    .helpCommand("help [command]", "show help for a command")
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeOut: options.writeOut, writeErr: options.writeError, outputError: () => {} })
    .addHelpText(
      "after",
      "\nEvery option can be set by its variable, as each command's help shows, and in plimsoll.yaml or .toml.",
    );
  for (const row of commandTable) addCommand(program, row, options);
  return program;
}

function addCommand(program: Command, row: CommandRow, options: ProgramOptions): void {
  const command = program
    .command(row.name)
    .summary(row.summary)
    .description(`${sentence(row.summary)}`);
  // Commander takes a variadic argument for all: how many a command wants is its own to say, in one kind of
  // message.
  if (row.args !== "")
    command.argument("[argument...]", argumentHelp(row)).usage(`${row.args.replace(/[[\]]/g, "")} [options]`);
  addOptions(command, row.name);
  command.addHelpText("after", `\nExamples:\n${row.examples.map((example) => `  $ ${example}`).join("\n")}`);
  command.action(async (...received: unknown[]) => {
    const args = row.args === "" ? [] : (received[0] as string[]);
    if (row.args === "[STORE]" && args.length !== 1 && !(row.isStoreOptional === true && args.length === 0)) {
      const what = args.length === 0 ? "no store is named" : `one store at a time, not ${args.length}`;
      throw new PlimsollError("USAGE", { what, command: row.name });
    }
    const { environment, folder } = options;
    const values = await readOptions(command, row.name, { environment, folder });
    await options.run(await runners[row.name](), args, values);
  });
}

function argumentHelp(row: CommandRow): string {
  if (row.name === "token") return "add, list or remove";
  if (row.name === "snapshot") return "push, pull, list, get, dump or sync, and what it is about";
  return row.args === "[STORE]"
    ? "folder of the store"
    : "files, folders, globs, or - for stdin; gzip, zstd, bzip2 and xz are recognised by content";
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
