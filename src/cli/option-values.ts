import { type Command, InvalidArgumentError, Option } from "commander";
import { PlimsollError, parseBytes } from "../kernel/index.js";
import type { CommandName } from "./command-table.js";
import { type OptionRow, optionFlags, optionsOf } from "./option-table.js";

type OptionValue = string | string[] | number | boolean;

/** What the command line and the environment say, by row of the table; a flag on the command line wins. */
export class OptionValues {
  readonly #values: ReadonlyMap<string, OptionValue>;

  readonly #given: ReadonlySet<string>;

  /** `given` names the options of the command line; the others come from the environment. */
  constructor(values: ReadonlyMap<string, OptionValue>, given: ReadonlySet<string>) {
    this.#values = values;
    this.#given = given;
  }

  isGiven(name: string): boolean {
    return this.#given.has(name);
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

export function readOptions(
  command: Command,
  name: CommandName,
  environment: Record<string, string | undefined>,
): OptionValues {
  const values = new Map<string, OptionValue>();
  const onCommandLine = new Set<string>();
  for (const row of optionsOf(name)) {
    const key = rowKey(row);
    const given = givenValue(command, row);
    const variable = environment[row.env];
    if (given !== undefined) {
      values.set(key, given);
      onCommandLine.add(key);
    } else if (variable !== undefined && variable !== "") {
      const value = parseOption(row, variable);
      if (value === null) {
        throw new PlimsollError("USAGE", {
          what: `${row.env} ${mustBe(row)}, not "${variable}"`,
          command: name,
        });
      }
      values.set(key, value);
    }
  }
  return new OptionValues(values, onCommandLine);
}

/** `--text FIELDS` and `--no-text` share a name in commander: the type of the value tells them apart. */
function givenValue(command: Command, row: OptionRow): OptionValue | undefined {
  const attribute = row.name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (command.getOptionValueSource(attribute) !== "cli") return undefined;
  const value = command.getOptionValue(attribute) as OptionValue;
  if (row.isNegated === true) return value === false ? true : undefined;
  return row.type !== "flag" && typeof value === "boolean" ? undefined : value;
}

function rowKey(row: OptionRow): string {
  return row.isNegated === true ? `no-${row.name}` : row.name;
}

/** The value that a text stands for; null when it stands for none. */
function parseOption(row: OptionRow, text: string): OptionValue | null {
  switch (row.type) {
    case "text":
      return text === "" ? null : text;
    case "choice":
      return row.choices!.includes(text) ? text : null;
    case "list": {
      const list = text.split(",").map((part) => part.trim());
      return list.includes("") ? null : list;
    }
    case "count": {
      const count = Number(text);
      return /^\d+$/.test(text) && Number.isSafeInteger(count) ? count : null;
    }
    case "bytes":
      return parseBytes(text) ?? null;
    case "flag":
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      return /^(0|false|no|off)$/i.test(text) ? false : null;
  }
}

function mustBe(row: OptionRow): string {
  const forms: Record<OptionRow["type"], string> = {
    text: "must not be empty",
    list: "must be names, separated by commas",
    count: "must be a whole number, 0 or more",
    bytes: "must be a size such as 64MiB",
    flag: "must be true or false",
    choice: `must be one of ${row.choices?.join(", ")}`,
  };
  return forms[row.type];
}

function helpOf(row: OptionRow): string {
  const choices = row.choices === undefined ? "" : ` (${row.choices.join(", ")})`;
  const standard = row.default === undefined ? "" : ` [default: ${row.default}]`;
  return `${row.help}${choices}${standard} [env: ${row.env}]`;
}
