import { isPlimsollError } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledIndex } from "../model/index.js";
import { Column, ColumnChunks } from "./columns.js";
import type { LiveRecord } from "./live-record.js";
import { termsOf } from "./record-tuples.js";
import { type IdRange, readableRecords, type Verification } from "./verification.js";

interface ColumnOf {
  entity: CompiledEntity;
  field: CompiledField;
  index: CompiledIndex;
}

/** Finds where a column differs from its records: every record of the ranges is held against its value. */
export async function findColumnFaults(
  run: Verification,
  column: ColumnOf,
  differing: IdRange[],
): Promise<void> {
  for (const { start, end } of differing) {
    if (run.hasEnough) return;
    await compareColumn(run, column, { start, end: Math.min(end, run.store.sealed.nextId) });
  }
}

async function compareColumn(run: Verification, column: ColumnOf, range: IdRange): Promise<void> {
  const held = new Column(new ColumnChunks(run.reader, 0), column.index.number);
  let next = range.start;
  for await (const { record, entity } of readableRecords(run, range)) {
    for (; next < record.id; next++) compareValue(run, column, held, next, undefined);
    next = record.id + 1;
    const isOwn = entity.number === column.entity.number;
    compareValue(run, column, held, record.id, isOwn ? firstTerm(run, column, record) : undefined);
    if (run.hasEnough) return;
  }
  for (; next < range.end; next++) compareValue(run, column, held, next, undefined);
}

function firstTerm(run: Verification, { field, index }: ColumnOf, record: LiveRecord): bigint | undefined {
  return termsOf(run.store, field, index, record)[0];
}

function compareValue(
  run: Verification,
  column: ColumnOf,
  held: Column,
  id: number,
  called: bigint | undefined,
): void {
  const value = run.unreadable.has(id) ? called : heldValue(held, id, called);
  if (value === called) return;
  const place = `${placeOf(column)} of record ${id}`;
  run.fault(
    "column",
    `The column of ${place} holds ${value ?? "nothing"}, the record calls for ${called ?? "nothing"}.`,
  );
}

/** A chunk that cannot be read was told of where all are read, and is held against nothing. */
function heldValue(held: Column, id: number, called: bigint | undefined): bigint | undefined {
  try {
    return held.term(id);
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return called;
  }
}

function placeOf({ entity, field, index }: ColumnOf): string {
  return `${entity.name}.${field.name} (index ${index.number})`;
}
