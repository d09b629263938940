import type { FieldType } from "../model/index.js";
import { type FieldSample, sampleType } from "./field-sample.js";
import type { MappingField } from "./mapping.js";

/**
 * The fields of records that go into tables: every member at the top is one, so that nothing is left out. One
 * value each, or a list of values that are alike; what is neither is kept as JSON.
 */
export function sampleColumns(
  records: readonly Record<string, unknown>[],
  samples: readonly FieldSample[],
  isText: boolean,
): { name: string; field: MappingField }[] {
  const byName = new Map<string, FieldSample[]>();
  for (const name of records.flatMap((record) => Object.keys(record))) {
    if (name !== "" && name !== "__proto__") byName.set(name, []);
  }
  for (const sample of samples) byName.get(sample.path[0]!)?.push(sample);
  return [...byName].map(([name, samples]) => {
    const [sample = null, ...deeper] = samples;
    const path = name.includes(".") ? { path: [name] } : {};
    const isFlat = sample !== null && deeper.length === 0 && sample.path.length === 1;
    // A column that is empty all through the sample may hold anything. Columns by locale and pairs are
    // objects.
    const isObject = () =>
      records.some((record) => typeof record[name] === "object" && record[name] !== null);
    if (!isFlat) return { name, field: { type: isText && !isObject() ? "string" : "json", ...path } };
    const type = columnType(sampleType(sample, isText), sample);
    const list = sample.isMultiple && type !== "json" ? { list: true } : {};
    return { name, field: { type, ...path, ...list } };
  });
}

/** Whole numbers beyond 64 bits, as unsigned ones are, fit a column of text alone, which keeps the digits. */
const columnIntMax = 2 ** 63;

/** Values by pairs are JSON like any other list of lists. */
function columnType(type: FieldType, { distinct }: FieldSample): FieldType {
  if (type === "pairs") return "json";
  const isBeyond = (value: unknown) => typeof value === "number" && Math.abs(value) >= columnIntMax;
  return type === "int" && [...distinct].some(isBeyond) ? "string" : type;
}
