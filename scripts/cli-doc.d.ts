import type { CommandName, CommandRow } from "../src/cli/command-table.js";
import type { OptionRow } from "../src/cli/option-table.js";

export function renderCli(tables: {
  commandTable: readonly CommandRow[];
  optionsOf: (command: CommandName) => OptionRow[];
  optionFlags: (row: OptionRow) => string;
}): string;
