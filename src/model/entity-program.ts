import {
  type CompiledEntity,
  type CompiledField,
  type CompiledIndex,
  type FieldType,
  groupKeyspace,
  type IndexKind,
  quadMembers,
} from "./compiled-mapping.js";
import { compileTrie } from "./member-trie.js";
import { PredicateTable } from "./predicate-table.js";
import { languageNumber } from "./word-rules.js";

/** Numbers of field types in programs: FIELD_... in kernels/terms.ts. */
export const fieldTypeNumber: Record<FieldType, number> = {
  string: 0,
  int: 1,
  float: 2,
  bool: 3,
  date: 4,
  hex: 5,
  json: 6,
  pairs: 7,
};

/** Types and flags of values, as the scanner lists them: TYPE_... and FLAG_... in kernels/json-grammar.ts. */
export const valueType = {
  null: 0,
  bool: 1,
  number: 2,
  string: 3,
  object: 4,
  array: 5,
  pairName: 6,
  pairValue: 7,
};
export const valueFlag = { escapes: 1, nonAscii: 2, integer: 4, true: 8 };

export interface EntityProgramOptions {
  /** Whether the host checks every record before it is taken. */
  hasCheck?: boolean;
  /** The program of the CSV or the XML kernel, for sources of rows. */
  rows?: Uint8Array;
  /** For sources of quads: their values go into fields as they are read. */
  isOfQuads?: boolean;
  /** Whether every record deletes the one with its key. */
  isDeleting?: boolean;
  /** Whether records that delete are put out like others. */
  keepsDeletions?: boolean;
  /** What a record becomes in a table, when the kernel is to write it. */
  table?: RowProgram;
  /** Whether records are not put out in blocks. */
  hasNoBlocks?: boolean;
}

/** A program of kernels/row-program.ts, and the column of each field that has one. */
export interface RowProgram {
  bytes: Uint8Array;
  columnOfSlot: ReadonlyMap<number, number>;
}

/** Sizes and numbers of kernels/program.ts. */
const headerBytes = 112;
const slotBytes = 16;
const opBytes = 16;
const keyPartBytes = 12;
const textBytes = 36;
const columnNone = 0xffff_ffff;
const slotNumberNone = 0xffff_ffff;
const opKind = {
  number: 0,
  exact: 1,
  prefix: 2,
  text: 3,
  pairs: 4,
  key: 5,
  version: 6,
  link: 7,
  expiration: 8,
  trigram: 9,
  stems: 10,
  place: 11,
  deleted: 12,
  column: 13,
};

/** Numbers of RULES_... and the slot of a member that no field reads, as in kernels/quads.ts. */
const rulesNumber = { none: 0, events: 1, quads: 2 };
const slotNone = 0xffff;

interface Op {
  kind: number;
  index: number;
  column: number;
  argument: number;
}

/** What is collected while the steps of the slots are laid out. */
interface Draft {
  /** Index numbers of the columns. */
  columns: number[];
  /** Those of fields by predicate last. */
  texts: CompiledIndex[];
  /** How many of the texts are not by predicate. */
  plainTexts: number;
  slots: { field: CompiledField; ops: Op[] }[];
}

/**
 * The binary program by which the loader kernel takes records of an entity; kernels/program.ts describes it.
 */
export function compileEntityProgram(entity: CompiledEntity, options: EntityProgramOptions = {}): Uint8Array {
  const draft = draftOf(entity, options.table?.columnOfSlot ?? new Map());
  const { keySlots, fields, events } = entity;
  const partSlots = partSlotsOf(entity);
  // A key that is missing has a reject of its own.
  const required = fields.filter((field) => field.required && !keySlots.includes(field.slot));
  const rows = options.rows ?? new Uint8Array(0);
  const trie = trieOf(entity);
  const layout = new Layout(headerBytes);
  const trieAt = layout.take(trie.length);
  const slotsAt = layout.take(draft.slots.length * slotBytes);
  const opsAt = layout.take(draft.slots.reduce((sum, { ops }) => sum + ops.length, 0) * opBytes);
  const keyPartsAt = layout.take(partSlots.length * keyPartBytes);
  const requiredAt = layout.take(required.length * 4);
  const textsAt = layout.take(draft.texts.length * textBytes);
  const columnsAt = layout.take(draft.columns.length * 4);
  const rowsAt = layout.take(rows.length);
  const quadSlots = options.isOfQuads ? quadSlotsOf(entity) : null;
  const quadSlotsAt = layout.take((quadSlots ?? []).length * 2);
  const tableAt = layout.take(options.table?.bytes.length ?? 0);
  const predicates = new PredicateTable(entity);
  const predicatesAt = layout.take(predicates.bytes);
  const program = new Uint8Array(layout.bytes);
  const view = new DataView(program.buffer);
  writeWords(view, 0, [program.length, trieAt, draft.slots.length, slotsAt]);
  writeWords(view, 16, [keySlots.length, keyPartsAt, required.length, requiredAt]);
  writeWords(view, 32, [draft.plainTexts, textsAt, draft.columns.length, columnsAt]);
  writeWords(view, 48, [entity.number, options.hasCheck ? 1 : 0, rows.length === 0 ? 0 : rowsAt]);
  if (events !== undefined) writeWords(view, 64, [rulesNumber.events, groupKeyspace, events.tags]);
  if (entity.quads !== undefined) writeWords(view, 64, [rulesNumber.quads]);
  if (quadSlots !== null) writeWords(view, 76, [quadSlotsAt]);
  if (predicates.bytes > 0) writeWords(view, 80, [predicatesAt, predicates.mask]);
  const { isDeleting, keepsDeletions } = options;
  writeWords(view, 88, [entity.versionSlot ?? slotNumberNone, isDeleting ? 1 : 0, keepsDeletions ? 1 : 0]);
  if (options.table !== undefined) {
    writeWords(view, 100, [tableAt]);
    program.set(options.table.bytes, tableAt);
  }
  writeWords(view, 104, [options.hasNoBlocks ? 1 : 0]);
  program.set(trie, trieAt);
  writeSlots(view, draft, slotsAt, opsAt);
  for (const [i, slot] of partSlots.entries()) view.setUint32(keyPartsAt + i * keyPartBytes, slot, true);
  for (const [i, { slot }] of required.entries()) view.setUint32(requiredAt + i * 4, slot, true);
  for (const [i, index] of draft.texts.entries()) writeWords(view, textsAt + i * textBytes, textWords(index));
  writeWords(view, columnsAt, draft.columns);
  program.set(rows, rowsAt);
  predicates.write(program, predicatesAt);
  for (const [i, slot] of (quadSlots ?? []).entries()) view.setUint16(quadSlotsAt + i * 2, slot, true);
  return program;
}

/** The slots of a quad's members; null when there are fields that only reading its JSON fills. */
function quadSlotsOf(entity: CompiledEntity): number[] | null {
  const fields = memberFields(entity);
  const isPlain = ({ path, type }: CompiledField) => path.length === 1 && type !== "json" && type !== "pairs";
  if (!fields.every(isPlain)) return null;
  return quadMembers.map((member) => fields.find(({ path }) => path[0] === member)?.slot ?? slotNone);
}

/** The parts of the key, and behind them what the rules of events go by: see kernels/load-events.ts. */
function partSlotsOf({ keySlots, events }: CompiledEntity): number[] {
  return events === undefined ? keySlots : [...keySlots, events.kind, events.author, events.createdAt];
}

/** Fields that the reader of a record fills; those by predicate take what it found for them. */
function memberFields({ fields }: CompiledEntity): CompiledField[] {
  return fields.filter(({ predicate }) => predicate === undefined);
}

function trieOf(entity: CompiledEntity): Uint8Array {
  return compileTrie(
    memberFields(entity).map(({ slot, path, type }) => ({
      slot,
      path,
      pairs: type === "pairs",
      raw: type === "json" || type === "pairs",
    })),
  );
}

function draftOf(entity: CompiledEntity, columnOfSlot: ReadonlyMap<number, number>): Draft {
  const draft: Draft = { columns: [], texts: [], plainTexts: 0, slots: [] };
  const partSlots = partSlotsOf(entity);
  for (const field of entity.fields) {
    const ops: Op[] = [];
    for (const index of field.indexes) {
      let column = columnNone;
      if (index.hasColumn) column = draft.columns.push(index.number) - 1;
      const isText = index.kind === "text" || index.kind === "stems";
      const own = index.kind === "place" ? (index.longitudeSlot ?? slotNumberNone) : 0;
      const argument = isText ? draft.texts.push(index) - 1 : own;
      ops.push({ kind: opKind[index.kind satisfies IndexKind], index: index.number, column, argument });
    }
    for (const [part, slot] of partSlots.entries()) {
      if (slot === field.slot) ops.push({ kind: opKind.key, index: 0, column: columnNone, argument: part });
    }
    if (entity.versionSlot === field.slot)
      ops.push({ kind: opKind.version, index: 0, column: columnNone, argument: 0 });
    if (entity.deletedSlot === field.slot)
      ops.push({ kind: opKind.deleted, index: 0, column: columnNone, argument: 0 });
    if (field.linkEntity !== null) {
      ops.push({ kind: opKind.link, index: 0, column: columnNone, argument: field.linkEntity });
    }
    const argument = columnOfSlot.get(field.slot);
    if (argument !== undefined) ops.push({ kind: opKind.column, index: 0, column: columnNone, argument });
    draft.slots.push({ field, ops });
    if (field.predicate === undefined) draft.plainTexts = draft.texts.length;
  }
  return draft;
}

function textWords({ number, language, markup }: CompiledIndex): number[] {
  const code = language?.code ?? null;
  const words = [number, code === null ? 0 : languageNumber(code), language?.slot ?? slotNumberNone];
  return [...words, markup === undefined ? 0 : 1];
}

function writeSlots(view: DataView, draft: Draft, slotsAt: number, opsAt: number): void {
  let opAt = opsAt;
  draft.slots.forEach(({ field, ops }, i) => {
    const slot = slotsAt + i * slotBytes;
    view.setUint8(slot, fieldTypeNumber[field.type]);
    view.setUint16(slot + 2, ops.length, true);
    view.setUint32(slot + 4, opAt, true);
    for (const { kind, index, column, argument } of ops) {
      writeWords(view, opAt, [kind, index, column, argument]);
      opAt += opBytes;
    }
  });
}

function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  for (const [i, word] of words.entries()) view.setUint32(offset + i * 4, word, true);
}

/** Places parts one after another, each at a multiple of 8. */
class Layout {
  bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  take(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil(bytes / 8) * 8;
    return offset;
  }
}
