import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { PlimsollError, planActionsMax, planFaultsShown, planFileBytesMax } from "../kernel/index.js";
import { suggestionText } from "../model/index.js";
import {
  mustBeInFile,
  type OptionRow,
  type OptionValue,
  optionsOf,
  parseFileValue,
  rowKey,
} from "../settings/index.js";
import { type PlanEntry, type PlanFault, readPlanSyntax, type WrittenAction } from "./plan-syntax.js";

/** One import of a plan. Its paths are as seen from the current folder. */
export interface PlanAction {
  /** From 1, in the order of the file. */
  number: number;
  line: number;
  name: string;
  entity: string | null;
  groups: readonly string[];
  sources: readonly string[];
  /** The options that it sets, by their keys. */
  settings: ReadonlyMap<string, OptionValue>;
  /** Where its files are said to lie, when that is not here. */
  fileSystem: string | null;
}

export interface PlanFile {
  /** As it was given. */
  path: string;
  actions: readonly PlanAction[];
}

/** Options that an action may set; the others are those of the process, or of the plan as a whole. */
const actionOptions = new Set([
  "format",
  "records-at",
  "preset",
  "mapping",
  "schema",
  "key",
  "index",
  "range",
  "text",
  "stems",
  "trigram",
  "place",
  "link",
  "on-conflict",
  "on-error",
  "rejects",
  "max-rejects",
  "offset",
  "limit",
  "no-text",
]);
const pathOptions = new Set(["mapping", "schema", "rejects"]);
const ownKeys = ["name", "entity", "data_entity", "source", "target", "group", "filesystem", "fileSystem"];
const topKeys = ["version", "target", "mapping", "actions"];
const mappingWays = [
  "preset",
  "mapping",
  "schema",
  "key",
  "index",
  "range",
  "text",
  "stems",
  "trigram",
  "place",
  "link",
];

export function readPlanFile(path: string): PlanFile {
  const written = readPlanSyntax(readText(path));
  if ("what" in written) throw planInvalid(path, [written]);
  const reader = new PlanReader(path);
  const actions = reader.read(written.entries, written.actions);
  if (reader.faults.length > 0) throw planInvalid(path, reader.faults);
  return { path, actions };
}

/** All that is wrong with a plan, in the order of its lines. */
export function planInvalid(path: string, faults: readonly PlanFault[]): PlimsollError {
  const sorted = [...faults].sort((a, b) => a.line - b.line);
  const told = sorted.slice(0, planFaultsShown).map(({ line, what }) => `line ${line}: ${what}`);
  if (sorted.length > told.length) told.push(`and ${sorted.length - told.length} more`);
  const place = { source: path, line: sorted[0]!.line };
  return new PlimsollError("PLAN_INVALID", { file: path, what: told.join("; ") }, { place });
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > planFileBytesMax) {
      throw planInvalid(path, [{ line: 1, what: `it has ${size} bytes, too many for a plan` }]);
    }
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : String((cause as Error).message);
    throw new PlimsollError("PLAN_UNREADABLE", { file: path, reason }, { cause });
  }
}

/** Reads actions one by one and notes every fault: a plan is mended in one go. */
class PlanReader {
  readonly faults: PlanFault[] = [];
  readonly #folder: string;
  readonly #rows: ReadonlyMap<string, OptionRow>;
  readonly #names = new Map<string, number>();

  constructor(path: string) {
    this.#folder = dirname(path);
    this.#rows = new Map(optionsOf("import").map((row) => [rowKey(row), row]));
  }

  read(entries: readonly PlanEntry[], actions: readonly WrittenAction[]): PlanAction[] {
    const shared = new Map<string, OptionValue>();
    for (const entry of entries) {
      if (entry.name === "target") this.#target(entry, shared);
      else if (entry.name === "mapping") this.#option(entry, shared);
      else if (entry.name !== "version") {
        this.#fault(entry.line, `"${entry.name}" is no key of a plan${suggestionText(entry.name, topKeys)}`);
      }
    }
    const version = entries.find(({ name }) => name === "version");
    if (version?.value !== 0) this.#fault(version?.line ?? 1, '"version" must be 0');
    if (actions.length > planActionsMax) {
      this.#fault(actions[planActionsMax]!.line, `a plan has at most ${planActionsMax} actions`);
    }
    return actions.slice(0, planActionsMax).map((action, index) => this.#action(action, index + 1, shared));
  }

  #action({ line, entries }: WrittenAction, number: number, shared: Map<string, OptionValue>): PlanAction {
    const texts = new Map<string, string>();
    const own = new Map<string, OptionValue>();
    let sources: string[] = [];
    let groups: string[] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (name === "source") sources = this.#texts(entry).flatMap((source) => this.#source(entry, source));
      else if (name === "group") groups = this.#texts(entry);
      else if (name === "target") this.#target(entry, own);
      else if (ownKeys.includes(name)) {
        const text = this.#texts(entry)[0];
        if (text !== undefined) texts.set(keyOf(name), text);
      } else if (actionOptions.has(name)) this.#option(entry, own);
      else {
        const known = [...ownKeys, ...actionOptions];
        this.#fault(entry.line, `"${name}" is no key of an action${suggestionText(name, known)}`);
      }
    }
    const written = new Set(entries.map(({ name }) => name));
    const entity = texts.get("entity") ?? null;
    if (entity === null && !own.has("preset")) this.#fault(line, 'the action names no "entity"');
    if (!written.has("source")) {
      const why = "files that a shop has for its entities by default are not known here";
      this.#fault(line, `the action${entity === null ? "" : ` "${entity}"`} names no "source": ${why}`);
    }
    const isMapped = mappingWays.some((way) => own.has(way));
    const settings = new Map([...shared].filter(([key]) => key !== "mapping" || !isMapped));
    for (const [key, value] of own) settings.set(key, value);
    if (entity !== null) settings.set("entity", entity);
    const name = this.#name(texts.get("name"), entity ?? String(own.get("preset") ?? "action"), line);
    return {
      number,
      line,
      name,
      entity,
      groups,
      sources,
      settings,
      fileSystem: texts.get("file system") ?? null,
    };
  }

  /** A name that is given must be the only one; others are made so. */
  #name(given: string | undefined, fallback: string, line: number): string {
    const other = given === undefined ? undefined : this.#names.get(given);
    if (other !== undefined)
      this.#fault(line, `"${given}" is the name of the action in line ${other} already`);
    let name = given ?? fallback;
    for (let copy = 2; given === undefined && this.#names.has(name); copy++) name = `${fallback}-${copy}`;
    if (!this.#names.has(name)) this.#names.set(name, line);
    return name;
  }

  #source({ line }: PlanEntry, source: string): string[] {
    if (source !== "-") return [this.#path(source)];
    this.#fault(line, "stdin (-) is no source of a plan: a plan can be run again, and a stream cannot");
    return [];
  }

  #target(entry: PlanEntry, into: Map<string, OptionValue>): void {
    const [text] = this.#texts(entry);
    if (text === undefined) return;
    const [, scheme = "", rest = ""] = /^((?:lmdb|sqlite):)?(.*)$/s.exec(text)!;
    const isElsewhere = scheme === "" && /^[A-Za-z][A-Za-z0-9+.-]+:/.test(text);
    into.set("into", isElsewhere ? text : `${scheme}${this.#path(rest)}`);
  }

  #option({ name, value, line }: PlanEntry, into: Map<string, OptionValue>): void {
    const row = this.#rows.get(name);
    const parsed = row === undefined ? null : parseFileValue(row, value);
    if (row === undefined || parsed === null) {
      const not = value === null ? "and it has no value" : `not ${JSON.stringify(value)}`;
      this.#fault(line, `"${name}" ${row === undefined ? "is no option" : `${mustBeInFile(row)}, ${not}`}`);
      return;
    }
    into.set(name, pathOptions.has(name) ? this.#path(String(parsed)) : parsed);
  }

  #texts({ name, value, line }: PlanEntry): string[] {
    const list = Array.isArray(value) ? value : [value];
    const isOne = name !== "source" && name !== "group";
    const isText = list.every((one) => typeof one === "string" && one !== "");
    if (isText && list.length > 0 && !(isOne && Array.isArray(value))) return list as string[];
    this.#fault(line, `"${name}" must be a text${isOne ? "" : ", or a list of texts"}`);
    return [];
  }

  #path(path: string): string {
    return isAbsolute(path) ? path : join(this.#folder, path);
  }

  #fault(line: number, what: string): void {
    this.faults.push({ line, what });
  }
}

function keyOf(name: string): string {
  if (name === "data_entity") return "entity";
  return name === "filesystem" || name === "fileSystem" ? "file system" : name;
}
