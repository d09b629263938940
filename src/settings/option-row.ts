import type { ShareName } from "../memory/index.js";
import type { CommandName } from "./command-table.js";

export type OptionType = "text" | "list" | "count" | "bytes" | "flag" | "choice";

/**
 * One row of the table of options: the parser, the variables, the keys of the configuration file, the help,
 * docs/cli.md and docs/settings.md all come from it.
 */
export interface OptionRow {
  /** Long name without dashes; for a negated flag the name after `--no-`. */
  name: string;
  /** Placeholder of the value in help; absent for flags. */
  value?: string;
  type: OptionType;
  choices?: readonly string[];
  /** A flag that is on until `--no-NAME` turns it off. */
  isNegated?: boolean;
  /** As shown in help; the code applies it where it is used. */
  default?: string;
  env: string;
  help: string;
  commands: readonly CommandName[];
  /** For what holds memory, batches or the disk within bounds: what exactly, for docs/settings.md. */
  bounds?: string;
  /** The shares of the line that it sizes. */
  shares?: readonly ShareName[];
  /**
   * One of several ways to say the same thing, which exclude each other: what is said nearer to the command
   * takes the place of the other ways as well.
   */
  way?: { of: string; name: string };
}

export type OptionValue = string | string[] | number | boolean;

/** The name by which a value is looked up, and its key in a configuration file. */
export function rowKey(row: OptionRow): string {
  return row.isNegated === true ? `no-${row.name}` : row.name;
}

export function optionFlags(row: OptionRow): string {
  if (row.isNegated === true) return `--no-${row.name}`;
  return row.value === undefined ? `--${row.name}` : `--${row.name} <${row.value}>`;
}
