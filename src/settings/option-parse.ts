import { parseBytes } from "../kernel/index.js";
import type { OptionRow, OptionValue } from "./option-row.js";

/** The value that a text of the command line or of a variable stands for; null when it stands for none. */
export function parseOption(row: OptionRow, text: string): OptionValue | null {
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

/** The same for a value of a configuration file, which has types of its own. */
export function parseFileValue(row: OptionRow, value: unknown): OptionValue | null {
  if (row.type === "flag") return typeof value === "boolean" ? value : null;
  if (row.type === "count") return typeof value === "number" ? parseOption(row, String(value)) : null;
  if (row.type === "list" && Array.isArray(value)) {
    const isList = value.length > 0 && value.every((part) => typeof part === "string" && part !== "");
    return isList ? (value as string[]) : null;
  }
  if (typeof value === "string") return parseOption(row, value);
  const isNumber = typeof value === "number" && (row.type === "bytes" || row.type === "text");
  return isNumber ? parseOption(row, String(value)) : null;
}

export function mustBe(row: OptionRow): string {
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

/** In a configuration file a text may be missing its quotes, and a list is a list. */
export function mustBeInFile(row: OptionRow): string {
  if (row.type === "text") return "must be a text";
  return row.type === "list" ? "must be a list of names" : mustBe(row);
}
