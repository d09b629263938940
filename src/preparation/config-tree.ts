import { readFileSync, statSync } from "node:fs";
import { configBytesMax, PlimsollError } from "../kernel/index.js";
import { yamlLibrary } from "../mapping/index.js";

/** A value of a configuration file: a map of further ones, or what stands there. */
export interface ConfigNode {
  /** `lmdbs.main.path`; empty for the file itself. */
  path: string;
  entries: ReadonlyMap<string, ConfigNode> | null;
  /** As YAML reads it; null where there are entries. */
  value: unknown;
  fault: (what: string) => PlimsollError;
}

/** Reads a file of settings in YAML; `${NAME}` in its texts is taken from the environment. */
export function readConfigTree(file: string, environment: Record<string, string | undefined>): ConfigNode {
  const { isMap, isNode, LineCounter, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const faultAt = (offset: number | undefined, what: string) => {
    const line = offset === undefined ? null : lines.linePos(offset).line;
    const place = line === null ? { source: file } : { source: file, line };
    return new PlimsollError(
      "CONFIG_INVALID",
      { file: line === null ? file : `${file}, line ${line}`, what },
      { place },
    );
  };
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) throw faultAt(error.pos[0], `it is no YAML: ${error.message}`);
  const treeOf = (node: unknown, path: string, offset: number | undefined): ConfigNode => {
    const fault = (what: string) => faultAt(offset, path === "" ? what : `${path} ${what}`);
    if (!isMap(node)) {
      const value = isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : null;
      return { path, entries: null, value: expand(value, environment, fault), fault };
    }
    const entries = new Map<string, ConfigNode>();
    for (const { key, value } of node.items) {
      const name = String(isNode(key) ? key.toJS(document) : key);
      const at = isNode(key) ? key.range?.[0] : undefined;
      entries.set(name, treeOf(value, path === "" ? name : `${path}.${name}`, at));
    }
    return { path, entries, value: null, fault };
  };
  return treeOf(document.contents, "", undefined);
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size <= configBytesMax) return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("CONFIG_UNREADABLE", { file, reason }, { cause });
  }
  throw new PlimsollError("CONFIG_INVALID", { file, what: "it has too many bytes for settings" });
}

/** A variable that is not set is told: an instance with half a name would write over another's snapshots. */
function expand(
  value: unknown,
  environment: Record<string, string | undefined>,
  fault: (what: string) => PlimsollError,
): unknown {
  if (typeof value !== "string") return value;
  return value.replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (_, braced?: string, bare?: string) => {
    const name = (braced ?? bare)!;
    const text = environment[name];
    if (text === undefined) throw fault(`takes the variable ${name}, which is not set`);
    return text;
  });
}
