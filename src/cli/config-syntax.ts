import { PlimsollError } from "../kernel/index.js";

/** A key of the file with its value, and where it stands. */
export interface ConfigEntry {
  /** One name, or a section and a name. */
  path: string[];
  value: unknown;
  /** Counted from 1; null where the parser does not tell. */
  line: number | null;
}

/** Something in a file that cannot be used. */
export function configFault(file: string, line: number | null, what: string): PlimsollError {
  const place = line === null ? {} : { line };
  return new PlimsollError(
    "CONFIG_INVALID",
    { file: line === null ? file : `${file}, line ${line}`, what },
    { place: { source: file, ...place } },
  );
}

/** The keys of a file, those in a section one by one; `isSection` tells which names open one. */
export async function readConfigEntries(
  file: string,
  text: string,
  isSection: (name: string) => boolean,
): Promise<ConfigEntry[]> {
  return file.endsWith(".toml") ? readToml(file, text, isSection) : readYaml(file, text, isSection);
}

async function readYaml(
  file: string,
  text: string,
  isSection: (name: string) => boolean,
): Promise<ConfigEntry[]> {
  const { yamlLibrary } = await import("../mapping/index.js");
  const { isMap, isNode, LineCounter, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    throw configFault(file, lines.linePos(error.pos[0]).line, `it is no YAML: ${error.message}`);
  }
  const { contents } = document;
  if (contents === null || contents.toJS(document) === null) return [];
  if (!isMap(contents)) throw configFault(file, null, "it holds no keys with values");
  const plain = (node: unknown): unknown =>
    isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : null;
  const entriesOf = (map: typeof contents, path: string[]): ConfigEntry[] =>
    map.items.flatMap(({ key, value }): ConfigEntry[] => {
      const name = String(plain(key));
      if (path.length === 0 && isSection(name) && isMap(value)) {
        return entriesOf(value as typeof contents, [name]);
      }
      const offset = isNode(key) ? key.range?.[0] : undefined;
      const line = offset === undefined ? null : lines.linePos(offset).line;
      return [{ path: [...path, name], value: plain(value), line }];
    });
  return entriesOf(contents, []);
}

async function readToml(
  file: string,
  text: string,
  isSection: (name: string) => boolean,
): Promise<ConfigEntry[]> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    const lines = tomlLines(text);
    const entriesOf = (table: Record<string, unknown>, path: string[]): ConfigEntry[] =>
      Object.entries(table).flatMap(([name, value]): ConfigEntry[] => {
        if (path.length === 0 && isSection(name) && isTable(value)) return entriesOf(value, [name]);
        const full = [...path, name];
        return [{ path: full, value, line: lines.get(full.join(".")) ?? null }];
      });
    return entriesOf(parse(text), []);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ""] = error.message.split("\n");
    throw configFault(file, error.line, `it is no TOML: ${message.replace(/^Invalid TOML document: /, "")}`);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Where keys stand, as far as it is seen line by line: the parser does not tell. */
function tomlLines(text: string): Map<string, number> {
  const found = new Map<string, number>();
  let section = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*\[\s*"?([\w-]+)"?\s*\]/.exec(line);
    if (header !== null) {
      section = `${header[1]}.`;
      found.set(header[1]!, index + 1);
      continue;
    }
    const key = /^\s*((?:"?[\w-]+"?\s*\.\s*)?"?[\w-]+"?)\s*=/.exec(line)?.[1]?.replace(/["\s]/g, "");
    if (key !== undefined && !found.has(section + key)) found.set(section + key, index + 1);
  }
  return found;
}
