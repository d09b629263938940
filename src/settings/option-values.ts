import type { CommandName } from "./command-table.js";
import { type OptionValue, rowKey } from "./option-row.js";
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

  value(name: string): OptionValue | null {
    return this.#values.get(name) ?? null;
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

  /** The same with other values for some; null takes one out. */
  with(changes: ReadonlyMap<string, OptionValue | null>, origin: OptionOrigin): OptionValues {
    const values = new Map(this.#values);
    const origins = new Map(this.#origins);
    for (const [name, value] of changes) {
      if (value === null) {
        values.delete(name);
        origins.delete(name);
      } else {
        values.set(name, value);
        origins.set(name, origin);
      }
    }
    return new OptionValues(values, origins);
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
