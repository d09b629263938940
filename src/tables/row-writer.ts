import { assert, rowPageBytes } from "../kernel/index.js";
import {
  type CompiledEntity,
  type CompiledField,
  type CompiledMapping,
  type RecordFault,
  type RecordView,
  valueType,
} from "../model/index.js";
import { manyFault, typeFault } from "./column-faults.js";
import { type ColumnRule, putValue, textOf, valueEntryBytes } from "./column-values.js";
import { restOf } from "./rest-members.js";
import { type RowPageHead, RowPageWriter } from "./row-page.js";
import {
  type EntityTable,
  type ListTable,
  type TablePlan,
  tableOfEntity,
  tombstoneColumns,
} from "./table-plan.js";

/** Pages that belong together: whole records, with the values of their lists. */
export type PageGroup = { head: RowPageHead; bytes: Uint8Array }[];

/** How the values of one entity's records get into pages. */
interface Layout {
  fields: readonly CompiledField[];
  table: EntityTable;
  rows: RowPageWriter;
  tombstones: RowPageWriter;
  lists: { table: ListTable; rows: RowPageWriter; rule: ColumnRule }[];
  rules: ColumnRule[];
  /** Slots of fields that hold one value at most. */
  isSingle: boolean[];
  requiredSlots: number[];
  deletedSlot: number | null;
  /** Members that fields hold whole; null when others are not kept. */
  named: ReadonlySet<string> | null;
}

const truths = new Set(["true", "1", "yes"]);

/**
 * Turns the values that the kernel has found in records into rows. A record goes in whole or not at all; the
 * pages are handed on together, as soon as they have reached their bound.
 */
export class RowWriter {
  readonly #mapping: CompiledMapping;
  readonly #plan: TablePlan;
  readonly #layouts = new Map<number, Layout>();
  readonly #isDeleting: boolean;
  readonly #emit: (group: PageGroup) => void;
  /** By slot, the first and the last value of the record; by value, the next of its slot. 0 is none. */
  #first: Int32Array = new Int32Array(0);
  #last: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(64);

  /** Every record is a tombstone when the import deletes. */
  constructor(
    mapping: CompiledMapping,
    plan: TablePlan,
    { isDeleting, emit }: { isDeleting: boolean; emit: (group: PageGroup) => void },
  ) {
    this.#isDeleting = isDeleting;
    this.#mapping = mapping;
    this.#plan = plan;
    this.#emit = emit;
  }

  /** Takes a record that is right in all else; says why when a column cannot hold what it has. */
  write(view: RecordView): RecordFault | null {
    const layout = this.#layoutOf(view.entity.number);
    const { ordinal } = view;
    const fault = this.#gather(view, layout) ?? this.#put(view, layout, ordinal);
    if (fault !== null) {
      for (const writer of writersOf(layout)) writer.dropRowsOf(ordinal);
      return fault;
    }
    const bytes = writersOf(layout).reduce((sum, { rowBytes }) => sum + rowBytes, 0);
    if (bytes >= rowPageBytes) this.flush();
    return null;
  }

  /** Hands on what there is. */
  flush(): void {
    for (const layout of this.#layouts.values()) {
      const full = writersOf(layout).filter(({ count }) => count > 0);
      if (full.length > 0) this.#emit(full.map((writer) => writer.take()));
    }
  }

  /** Links the values of each slot, in the order of the text. */
  #gather(view: RecordView, { fields, isSingle }: Layout): RecordFault | null {
    if (this.#first.length < fields.length) {
      this.#first = new Int32Array(fields.length);
      this.#last = new Int32Array(fields.length);
    }
    if (this.#next.length <= view.valueCount) this.#next = new Int32Array(view.valueCount * 2);
    const [first, last, next] = [this.#first, this.#last, this.#next];
    first.fill(0, 0, fields.length);
    const { bytes, values, valueCount } = view;
    for (let number = 1; number <= valueCount; number += 1) {
      const entry = values + (number - 1) * valueEntryBytes;
      if (bytes[entry + 2] === valueType.null) continue;
      const slot = bytes[entry]! | (bytes[entry + 1]! << 8);
      next[number] = 0;
      if (first[slot] === 0) first[slot] = number;
      else if (isSingle[slot]) return manyFault(fields[slot]!);
      else next[last[slot]!] = number;
      last[slot] = number;
    }
    return null;
  }

  #put(view: RecordView, layout: Layout, ordinal: number): RecordFault | null {
    const { table, deletedSlot } = layout;
    if (this.#isDeleting || (deletedSlot !== null && this.#isTrue(view, deletedSlot))) {
      const columns = tombstoneColumns(table);
      layout.tombstones.beginRow(ordinal, columns.length);
      return this.#putColumns(view, layout, layout.tombstones, columns) ?? this.#missing(layout, table.key);
    }
    const missing = layout.requiredSlots.find((slot) => this.#first[slot] === 0);
    if (missing !== undefined) return missingFault(layout.fields[missing]!);
    layout.rows.beginRow(ordinal, table.columns.length);
    const fault = this.#putColumns(view, layout, layout.rows, layout.rules.keys());
    if (fault !== null) return fault;
    for (const list of layout.lists) {
      const listFault = this.#putList(view, layout, list, ordinal);
      if (listFault !== null) return listFault;
    }
    return null;
  }

  #putColumns(
    view: RecordView,
    layout: Layout,
    writer: RowPageWriter,
    columns: Iterable<number>,
  ): RecordFault | null {
    const { slots } = layout.table;
    for (const column of columns) {
      const slot = slots[column]!;
      if (slot === null) {
        const rest = restOf(view, layout.named!);
        if (rest === null) writer.putNull();
        else writer.putJson(rest, 0, rest.length);
        continue;
      }
      const number = this.#first[slot]!;
      if (number === 0) writer.putNull();
      else if (!putValue(writer, view, entryOf(view, number), layout.rules[column]!)) {
        return typeFault(layout.fields[slot]!, layout.rules[column]!.type);
      }
    }
    return null;
  }

  #putList(
    view: RecordView,
    layout: Layout,
    { table, rows, rule }: Layout["lists"][number],
    ordinal: number,
  ): RecordFault | null {
    let position = 0;
    for (let number = this.#first[table.slot]!; number !== 0; number = this.#next[number]!) {
      rows.beginRow(ordinal, table.columns.length);
      const fault = this.#putColumns(view, layout, rows, layout.table.key);
      if (fault !== null) return fault;
      rows.putInt(position);
      if (!putValue(rows, view, entryOf(view, number), rule)) {
        return typeFault(layout.fields[table.slot]!, rule.type);
      }
      position += 1;
    }
    return null;
  }

  #isTrue(view: RecordView, slot: number): boolean {
    const number = this.#first[slot]!;
    return number !== 0 && truths.has(textOf(view, entryOf(view, number))?.trim().toLowerCase() ?? "");
  }

  #missing({ fields, table }: Layout, columns: readonly number[]): RecordFault | null {
    const missing = columns.map((column) => table.slots[column]!).find((slot) => this.#first[slot] === 0);
    return missing === undefined ? null : missingFault(fields[missing]!);
  }

  #layoutOf(number: number): Layout {
    const known = this.#layouts.get(number);
    if (known !== undefined) return known;
    const table = tableOfEntity(this.#plan, number);
    assert(table !== undefined, "records come of entities that have a table");
    const layout = layoutOf(this.#mapping.entities[number]!, table, this.#plan);
    this.#layouts.set(number, layout);
    return layout;
  }
}

function layoutOf(entity: CompiledEntity, table: EntityTable, plan: TablePlan): Layout {
  const { fields } = entity;
  const hasRest = table.slots.includes(null);
  const lists = table.lists.map((number) => {
    const list = plan.tables[number] as ListTable;
    const isHex = fields[list.slot]!.type === "hex";
    return {
      table: list,
      rows: new RowPageWriter(number, false),
      rule: { type: list.columns.at(-1)!.type, isHex },
    };
  });
  const rules = table.columns.map(({ type }, column) => {
    const slot = table.slots[column]!;
    return { type, isHex: slot !== null && fields[slot]!.type === "hex" };
  });
  const listSlots = new Set(lists.map(({ table: list }) => list.slot));
  const named = fields.filter(({ path }) => path.length === 1).map(({ path }) => path[0]!);
  return {
    fields,
    table,
    rows: new RowPageWriter(table.number, false),
    tombstones: new RowPageWriter(table.number, true),
    lists,
    rules,
    isSingle: fields.map(({ slot }) => !listSlots.has(slot)),
    requiredSlots: fields.filter(({ required }) => required).map(({ slot }) => slot),
    deletedSlot: entity.deletedSlot ?? null,
    named: hasRest ? new Set(named) : null,
  };
}

function writersOf({ rows, tombstones, lists }: Layout): RowPageWriter[] {
  return [rows, tombstones, ...lists.map((list) => list.rows)];
}

function entryOf(view: RecordView, number: number): number {
  return view.values + (number - 1) * valueEntryBytes;
}

function missingFault({ name }: CompiledField): RecordFault {
  return { code: "FIELD_MISSING", reason: `field "${name}" is missing` };
}
