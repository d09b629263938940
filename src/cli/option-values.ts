import { type Command, InvalidArgumentError, Option } from "commander";
import { PlimsollError } from "../kernel/index.js";
import type { CommandName } from "./command-table.js";
import { loadConfiguration } from "./config-file.js";
import { mustBe, parseOption } from "./option-parse.js";
import { type OptionRow, type OptionValue, optionFlags, rowKey } from "./option-row.js";
import { optionsOf } from "./option-table.js";

/** Where a value was given. */
export interface OptionOrigin {
  kind: "flag" | "variable" | "file";
  /** "--memory", "PLIMSOLL_MEMORY" or "plimsoll.yaml: import.memory". */
  text: string;
}

/** What the command line, the environment and the configuration file say, the first of them that does. */
export class OptionValues {
  readonly #values: ReadonlyMap<string, OptionValue>;

  readonly #origins: ReadonlyMap<string, OptionOrigin>;

  constructor(values: ReadonlyMap<string, OptionValue>, origins: ReadonlyMap<string, OptionOrigin>) {
    this.#values = values;
    this.#origins = origins;
  }

  /** Null for what was left out. */
  originOf(name: string): OptionOrigin | null {
    return this.#origins.get(name) ?? null;
  }

  text(name: string): string | null {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : null;
  }

  list(name: string): string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value : [];
  }

  number(name: string): number | null {
    const value = this.#values.get(name);
    return typeof value === "number" ? value : null;
  }

  /** Whether a flag is set; a negated one is asked for by `no-NAME`. */
  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** The options as they would be typed: for commands that are printed to be run again. */
  toArguments(command: CommandName, isWanted: (name: string) => boolean): string[] {
    return optionsOf(command).flatMap((row) => {
      const value = this.#values.get(rowKey(row));
      if (value === undefined || value === false || !isWanted(rowKey(row))) return [];
      // What the file says is among the options already.
      if (row.name === "config") return [];
      const text = Array.isArray(value) ? value.join(",") : String(value);
      return row.type === "flag" ? [`--${rowKey(row)}`] : [`--${row.name}`, text];
    });
  }
}

/** Gives a command its options; `readOptions` reads them back. */
export function addOptions(command: Command, name: CommandName): void {
  for (const row of optionsOf(name)) {
    const option = new Option(optionFlags(row), helpOf(row));
    if (row.type !== "flag") {
      option.argParser((text: string, previous: OptionValue | undefined) => {
        const value = parseOption(row, text);
        if (value === null) throw new InvalidArgumentError(mustBe(row));
        return Array.isArray(value) && Array.isArray(previous) ? [...previous, ...value] : value;
      });
    }
    command.addOption(option);
  }
}

export interface ReadOptionsFrom {
  environment: Record<string, string | undefined>;
  /** Where a configuration file of the usual name is looked for. */
  folder: string;
}

export async function readOptions(
  command: Command,
  name: CommandName,
  from: ReadOptionsFrom,
): Promise<OptionValues> {
  const values = new Map<string, OptionValue>();
  const origins = new Map<string, OptionOrigin>();
  const keep = (row: OptionRow, value: OptionValue, kind: OptionOrigin["kind"], text: string) => {
    values.set(rowKey(row), value);
    origins.set(rowKey(row), { kind, text });
  };
  const rows = optionsOf(name);
  for (const row of rows) {
    const given = givenValue(command, row);
    const variable = from.environment[row.env];
    if (given !== undefined) keep(row, given, "flag", `--${rowKey(row)}`);
    else if (variable !== undefined && variable !== "") {
      keep(row, variableValue(row, variable, name), "variable", row.env);
    }
  }
  const path = values.get("config");
  const configuration = await loadConfiguration(typeof path === "string" ? path : null, from.folder);
  for (const row of rows) {
    const setting = origins.has(rowKey(row)) ? null : configuration.settingOf(name, row);
    if (setting !== null) keep(row, setting.value, "file", setting.source);
  }
  dropOutranked(rows, values, origins);
  return new OptionValues(values, origins);
}

/** Nearest to the command first. */
const ranks = ["flag", "variable", "file"] as const;

/** A preset on the command line takes the place of a mapping in the file, not only of a preset there. */
function dropOutranked(
  rows: readonly OptionRow[],
  values: Map<string, OptionValue>,
  origins: Map<string, OptionOrigin>,
): void {
  const rankOf = (row: OptionRow) => ranks.indexOf(origins.get(rowKey(row))?.kind ?? "file");
  // A flag that is turned off asks for nothing.
  const isSaid = (row: OptionRow) => origins.has(rowKey(row)) && values.get(rowKey(row)) !== false;
  const said = rows.filter((row) => row.way !== undefined && isSaid(row));
  for (const row of said) {
    const { of, name } = row.way!;
    const rivals = said.filter((other) => other.way!.of === of && other.way!.name !== name);
    if (!rivals.some((rival) => rankOf(rival) < rankOf(row))) continue;
    values.delete(rowKey(row));
  }
  for (const row of said) if (!values.has(rowKey(row))) origins.delete(rowKey(row));
}

function variableValue(row: OptionRow, text: string, command: CommandName): OptionValue {
  const value = parseOption(row, text);
  if (value !== null) return value;
  throw new PlimsollError("USAGE", { what: `${row.env} ${mustBe(row)}, not "${text}"`, command });
}

/** `--text FIELDS` and `--no-text` share a name in commander: the type of the value tells them apart. */
function givenValue(command: Command, row: OptionRow): OptionValue | undefined {
  const attribute = row.name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (command.getOptionValueSource(attribute) !== "cli") return undefined;
  const value = command.getOptionValue(attribute) as OptionValue;
  if (row.isNegated === true) return value === false ? true : undefined;
  return row.type !== "flag" && typeof value === "boolean" ? undefined : value;
}

function helpOf(row: OptionRow): string {
  const choices = row.choices === undefined ? "" : ` (${row.choices.join(", ")})`;
  const standard = row.default === undefined ? "" : ` [default: ${row.default}]`;
  return `${row.help}${choices}${standard} [env: ${row.env}]`;
}
