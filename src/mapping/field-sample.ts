import { inferDepthMax, inferFieldCountMax, inferMemberCountMax } from "../kernel/index.js";
import type { FieldType } from "../model/index.js";

/** What the sampled records hold at one path. */
export interface FieldSample {
  path: string[];
  /** Records with at least one value here. */
  recordCount: number;
  valueCount: number;
  /** Whether an array was met here or on the way: the field can then have many values in a record. */
  isMultiple: boolean;
  types: Set<FieldType>;
  distinct: Set<unknown>;
  bytesTotal: number;
  bytesMax: number;
  hasBlank: boolean;
}

const intPattern = /^-?(0|[1-9]\d{0,17})$/;
const floatPattern = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const datePattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?)?$/;
const hexPattern = /^([0-9a-f]{2}){8,}$/;

/** Looks at every value of the sample, path by path, in the order in which the paths appear. */
export function sampleFields(records: readonly Record<string, unknown>[], isText: boolean): FieldSample[] {
  const top = new Path([]);
  const maps = mapPaths(records, top);
  const samples = new Map<Path, FieldSample>();
  for (const record of records) {
    const seen = new Set<Path>();
    for (const { path, value, isMultiple } of values(record, top, false, maps)) {
      if (value === null || value === undefined || (isText && value === "")) continue;
      const sample = samples.get(path) ?? newSample(path.names);
      if (!samples.has(path)) {
        if (samples.size === inferFieldCountMax) continue;
        samples.set(path, sample);
      }
      if (!seen.has(path)) sample.recordCount++;
      seen.add(path);
      addValue(sample, value, isMultiple, isText);
    }
  }
  return [...samples.values()];
}

/** The one type that holds all the values of a sample. */
export function sampleType(sample: FieldSample, isText: boolean): FieldType {
  const types = sample.types;
  if (types.size === 1) return [...types][0]!;
  const isOnly = (...allowed: FieldType[]) => [...types].every((type) => allowed.includes(type));
  if (isOnly("int", "float")) return "float";
  if (isOnly("string", "date", "hex")) return "string";
  return isText ? "string" : "json";
}

/** A path that is met again and again, made once. */
class Path {
  readonly names: string[];
  readonly #below = new Map<string, Path>();

  constructor(names: string[]) {
    this.names = names;
  }

  below(name: string): Path {
    let path = this.#below.get(name);
    if (path === undefined) {
      path = new Path([...this.names, name]);
      this.#below.set(name, path);
    }
    return path;
  }
}

interface PathValue {
  path: Path;
  value: unknown;
  isMultiple: boolean;
}

function* values(
  value: unknown,
  path: Path,
  isMultiple: boolean,
  maps: ReadonlySet<Path>,
): Generator<PathValue> {
  if (Array.isArray(value) && !value.some(Array.isArray)) {
    for (const element of value) yield* values(element, path, true, maps);
  } else if (isPlainObject(value) && path.names.length < inferDepthMax && !maps.has(path)) {
    for (const [name, member] of Object.entries(value)) {
      if (isFieldName(name)) yield* values(member, path.below(name), isMultiple, maps);
    }
  } else if (path.names.length > 0) yield { path, value, isMultiple };
}

/** Paths of objects with so many different member names that these are data, not fields. */
function mapPaths(records: readonly Record<string, unknown>[], top: Path): Set<Path> {
  const names = new Map<Path, Set<string>>();
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) {
      // Arrays of arrays are values as they are, however deep they go.
      if (!value.some(Array.isArray)) for (const element of value) visit(element, path);
    } else if (isPlainObject(value) && path.names.length < inferDepthMax) {
      const known = names.get(path) ?? new Set();
      names.set(path, known);
      for (const [name, member] of Object.entries(value)) {
        if (path !== top && known.size > inferMemberCountMax) return;
        known.add(name);
        visit(member, path.below(name));
      }
    }
  };
  for (const record of records) visit(record, top);
  const isMap = ([path, known]: [Path, Set<string>]) => path !== top && known.size > inferMemberCountMax;
  return new Set([...names].filter(isMap).map(([path]) => path));
}

function newSample(path: string[]): FieldSample {
  const counts = { recordCount: 0, valueCount: 0, bytesTotal: 0, bytesMax: 0 };
  return { path, ...counts, isMultiple: false, types: new Set(), distinct: new Set(), hasBlank: false };
}

function addValue(sample: FieldSample, value: unknown, isMultiple: boolean, isText: boolean): void {
  sample.valueCount++;
  sample.isMultiple ||= isMultiple;
  sample.types.add(typeof value === "string" ? textType(value, isText) : valueType(value));
  if (typeof value === "object") return;
  sample.distinct.add(value);
  const bytes = Buffer.byteLength(String(value));
  sample.bytesTotal += bytes;
  sample.bytesMax = Math.max(sample.bytesMax, bytes);
  sample.hasBlank ||= typeof value === "string" && /\s/.test(value);
}

function valueType(value: unknown): FieldType {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return isPairs(value) ? "pairs" : "json";
}

function textType(text: string, isText: boolean): FieldType {
  if (datePattern.test(text) && !Number.isNaN(Date.parse(text))) return "date";
  if (isText && intPattern.test(text)) return "int";
  if (isText && floatPattern.test(text)) return "float";
  if (isText && (text === "true" || text === "false")) return "bool";
  return hexPattern.test(text) && /[a-f]/.test(text) ? "hex" : "string";
}

function isPairs(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((entry) => Array.isArray(entry) && entry.every((part) => typeof part === "string"));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFieldName(name: string): boolean {
  return name !== "" && name !== "__proto__" && name.length <= 200;
}
