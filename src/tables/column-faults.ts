import type { CompiledField, RecordFault } from "../model/index.js";
import type { ColumnType } from "./table-plan.js";

const typeTexts: Record<ColumnType, string> = {
  text: "text in Unicode, without halves of surrogate pairs",
  int: "a whole number of 64 bits",
  float: "a number that 64 bits hold",
  bool: "true or false",
  date: "a date of the years 1 to 9999",
  json: "JSON",
};

/** What is wrong with a record whose columns cannot hold its values. */
export function manyFault({ name }: Pick<CompiledField, "name">): RecordFault {
  return { code: "FIELD_TYPE", reason: `field "${name}" has several values, and its column holds one` };
}

export function typeFault({ name }: Pick<CompiledField, "name">, type: ColumnType): RecordFault {
  return { code: "FIELD_TYPE", reason: `field "${name}" is not ${typeTexts[type]}, as its column is` };
}
