import { PlimsollError } from "../kernel/index.js";
import { suggestionText } from "../model/index.js";
import {
  mustBe,
  type OptionOrigin,
  type OptionRow,
  type OptionValue,
  OptionValues,
  optionsOf,
  parseOption,
  rowKey,
} from "../settings/index.js";

/** Options that name a file on the command line; a request brings what would stand in it. */
export const documentNames: readonly string[] = ["mapping", "schema"];

/** Options of `import` that a request may say; the line, files and folders are the server's. */
const names = new Set([
  ...documentNames,
  "format",
  "records-at",
  "preset",
  "entity",
  "key",
  "index",
  "range",
  "text",
  "stems",
  "trigram",
  "place",
  "no-text",
  "link",
  "on-conflict",
  "on-error",
  "max-rejects",
  "verify",
  "no-check-ids",
  "fresh",
  "delete",
  "offset",
  "limit",
]);

/** Options of `import` that whoever starts the server settles for all imports. */
const serverNames = new Set([
  "memory",
  "threads",
  "batch-bytes",
  "run-buffer",
  "dirty-pages",
  "mapped-pages",
  "writeback",
  "graduality",
  "max-delay",
  "sync-bytes",
  "sync-every",
  "temp-dir",
]);

export function importRows(): OptionRow[] {
  return optionsOf("import").filter((row) => names.has(rowKey(row)));
}

/** The options of one import: what the request says, and what the server was started with. */
export function importValues(query: URLSearchParams, server: OptionValues, storePath: string): OptionValues {
  const values = new Map<string, OptionValue>([["into", storePath]]);
  const origins = new Map<string, OptionOrigin>();
  for (const row of optionsOf("import")) {
    const key = rowKey(row);
    const texts = names.has(key) ? query.getAll(key) : [];
    if (texts.length > 0) {
      values.set(key, parsedValue(row, texts));
      origins.set(key, { kind: "flag", text: key });
    } else if (serverNames.has(key)) {
      const value = server.value(key);
      if (value === null) continue;
      values.set(key, value);
      origins.set(key, server.originOf(key)!);
    }
  }
  return new OptionValues(values, origins);
}

/** `?fresh` alone says yes, as the flag does. */
function parsedValue(row: OptionRow, texts: readonly string[]): OptionValue {
  const key = rowKey(row);
  if (row.type !== "list" && texts.length > 1) {
    throw new PlimsollError("REQUEST_INVALID", { what: `the parameter ${key} comes ${texts.length} times` });
  }
  const parsed = texts.map((text) => (row.type === "flag" && text === "" ? true : parseOption(row, text)));
  if (parsed.includes(null)) {
    throw new PlimsollError("REQUEST_INVALID", { what: `the parameter ${key} ${mustBe(row)}` });
  }
  return row.type === "list" ? (parsed as string[][]).flat() : parsed[0]!;
}

export function checkParameters(query: URLSearchParams, parameters: readonly { name: string }[]): void {
  for (const name of query.keys()) {
    if (parameters.some((parameter) => parameter.name === name)) continue;
    const known = parameters.map((parameter) => parameter.name);
    const what = `the parameter ${name} is not known${suggestionText(name, known)}`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
}
