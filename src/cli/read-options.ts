import { type Command, InvalidArgumentError, Option } from "commander";
import { PlimsollError } from "../kernel/index.js";
import {
  type CommandName,
  mustBe,
  type OptionOrigin,
  type OptionRow,
  type OptionValue,
  OptionValues,
  optionFlags,
  optionsOf,
  parseOption,
  rowKey,
} from "../settings/index.js";
import { loadConfiguration } from "./config-file.js";

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
  const configuration = await loadConfiguration(typeof path === "string" ? path : null, from.folder, name);
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
