import { type ErrorCode, keyBytesMax, rejectRecordBytesMax } from "../kernel/index.js";
import {
  type ColumnNode,
  type CompiledEntity,
  type CompiledField,
  formatQuadFault,
  formatScanFault,
  formatXmlFault,
  type PairColumns,
  shapeColumns,
} from "../model/index.js";
import type { CsvHeader } from "../ports/index.js";

/** Codes of rejects by the kernel's numbers: REJECT_... in kernels/load-state.ts. */
export const loadRejectCodes = [
  null,
  "JSON_SYNTAX",
  "INVALID_UTF8",
  "NOT_OBJECT",
  "TOO_DEEP",
  "TOO_MANY_VALUES",
  "TOO_MANY_TERMS",
  "FIELD_TYPE",
  "KEY_MISSING",
  "FIELD_MISSING",
  "KEY_TOO_LONG",
  "CSV_COLUMNS",
  "CSV_QUOTE",
  "RECORD_TOO_LARGE",
  "NOSTR_EPHEMERAL",
  "NOSTR_HEX",
  "QUAD_SYNTAX",
  "QUAD_SHAPE",
  "QUAD_TYPE",
  "QUAD_LANGUAGE",
  "QUAD_DELETION",
  "XML_SYNTAX",
  "FIELD_TYPE",
  "FIELD_TYPE",
] as const satisfies readonly (ErrorCode | null)[];

/** A record that was turned down while its frame was loaded. */
export interface LoadReject {
  /** Number of the record within the frame. */
  ordinal: number;
  code: ErrorCode;
  reason: string;
  /** The first bytes of the record; a copy. */
  head: Uint8Array;
  bytesTotal: number;
  /** Bytes of the frame before the record, and line breaks in them. */
  offset: number;
  line: number;
}

/** What the kernel says about a reject. */
export interface RejectNote {
  code: ErrorCode;
  /**
   * A slot, what the scanner expected, columns that were found, or (with `isColumn`) the number of a column.
   */
  detail: number;
  isColumn: boolean;
  /** Where in the record. */
  offset: number;
}

export function rejectReason(
  note: RejectNote,
  record: Uint8Array,
  entity: CompiledEntity,
  header: CsvHeader | null,
  limits: { recordBytesMax: number; valuesMax: number; tuplesMax: number },
): string {
  const field = entity.fields[note.detail];
  switch (note.code) {
    case "FIELD_TYPE":
      if (note.isColumn) return columnReason(note, entity, header);
      return `field "${field?.name}" must be ${typeText(field?.type ?? "")}${keyText(note.detail, entity)}`;
    case "KEY_MISSING":
      return `the key field "${field?.name}" is null or absent`;
    case "FIELD_MISSING":
      return `field "${field?.name}" is null or absent`;
    case "KEY_TOO_LONG":
      return `field "${field?.name}" makes a key of more than ${keyBytesMax} bytes`;
    case "CSV_COLUMNS":
      return `the header has ${header?.columns.length} columns and this row ${note.detail}`;
    case "CSV_QUOTE":
      return `a quoted cell must end before the next delimiter (byte ${note.offset})`;
    case "INVALID_UTF8":
      return `the bytes from byte ${note.offset} on are not UTF-8`;
    case "TOO_MANY_VALUES":
      return `more than ${limits.valuesMax} values`;
    case "TOO_MANY_TERMS":
      return `more entries than the ${limits.tuplesMax} that fit`;
    case "NOSTR_EPHEMERAL":
      return "kinds 20000 to 29999 are for those who listen at the time";
    case "NOSTR_HEX":
      return `field "${field?.name}" must be 64 hexadecimal digits`;
    case "QUAD_SYNTAX":
      return formatQuadFault(record, note.offset, note.detail);
    case "QUAD_TYPE":
      return `what has the predicate "${field?.predicate?.iri}" must be ${literalTypeText(field)}`;
    case "QUAD_LANGUAGE":
      return `a language tag is not for the predicate "${field?.predicate?.iri}"`;
    case "QUAD_DELETION":
      return "a star stands for what is to be deleted";
    case "QUAD_SHAPE":
      return "it has an object or a value, and with a value a language, a datatype or neither";
    case "XML_SYNTAX":
      return formatXmlFault(record, note.offset, note.detail);
    case "RECORD_TOO_LARGE":
      return `it takes more than ${limits.recordBytesMax} bytes as JSON`;
    default:
      return formatScanFault(record, note.offset, note.detail);
  }
}

/** The start of a record, for people to recognise it. */
export function recordHead(record: Uint8Array): Uint8Array {
  return record.slice(0, rejectRecordBytesMax);
}

function columnReason(note: RejectNote, entity: CompiledEntity, header: CsvHeader | null): string {
  const columns = header?.columns ?? [];
  const { path, pair } = columnPlace(shapeColumns(columns, entity.columns), note.detail, []);
  const column = columns[note.detail];
  if (pair?.key === note.detail)
    return `column "${column}" names what the row has already: a name is given once`;
  if (pair !== null) {
    return `column "${column}" must be of the type of the field that column "${columns[pair.key]}" names`;
  }
  const where = JSON.stringify(path);
  const field = entity.fields.find((candidate) => JSON.stringify(candidate.path) === where);
  return `column "${column}" must be ${typeText(field?.type ?? "")}`;
}

/** The member that a column fills, and the pair that it is one of. */
function columnPlace(
  nodes: readonly ColumnNode[],
  column: number,
  above: readonly string[],
): { path: string[]; pair: PairColumns | null } {
  for (const node of nodes) {
    const path = [...above, node.name];
    if (node.kind === "cell" && node.column === column) return { path, pair: null };
    if (node.kind === "cell") continue;
    const pair = node.pairs.find(({ key, value }) => key === column || value === column);
    if (pair !== undefined) return { path, pair };
    const inside = columnPlace(node.nodes, column, path);
    if (inside.path.length > 0) return inside;
  }
  return { path: [], pair: null };
}

function literalTypeText(field: CompiledField | undefined): string {
  if (field?.predicate?.holds === "object") return "a node, not a literal";
  if (field?.type === "string") return "a literal, not a node";
  if (field?.type === "date")
    return "a literal that is a date, such as 2006-01-02T15:04:05Z, 2006-01-02 or 2006";
  return `a literal that is ${typeText(field?.type ?? "")}`;
}

function keyText(slot: number, entity: CompiledEntity): string {
  return entity.keySlots.includes(slot) ? ", one value, since it is part of the key" : "";
}

function typeText(type: string): string {
  if (type === "int") return "an integer";
  if (type === "float") return "a number";
  if (type === "bool") return "true or false";
  if (type === "date") return "an ISO 8601 date or a number";
  if (type === "hex") return "an even number of hexadecimal digits";
  if (type === "pairs") return "an array of arrays";
  return `of type ${type}`;
}
