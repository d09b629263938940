import { PlimsollError } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledMapping, FieldType } from "../model/index.js";
import { NameSpace } from "./names.js";
import type { ColumnType, EntityTable, ListTable, Table, TableColumn, TablePlan } from "./table-plan.js";

export const columnTypes: Record<FieldType, ColumnType> = {
  string: "text",
  hex: "text",
  int: "int",
  float: "float",
  bool: "bool",
  date: "date",
  json: "json",
  pairs: "json",
};

/** What the column is called that keeps the members which no field names. */
const restName = "rest";

/**
 * One table an entity, one column a field, one table a list. Entities that are only linked to have none until
 * their own import comes. `targetName` is for the message about entities whose rules no table can follow.
 */
export function planTables(
  mapping: CompiledMapping,
  targetName: string,
  { hasListTables = true }: { hasListTables?: boolean } = {},
): TablePlan {
  const names = new NameSpace();
  const present = mapping.entities.filter(({ fields }) => fields.length > 0);
  for (const entity of present) assertPlain(entity, targetName);
  // Entities first: a list's name gives way to an entity's, and numbers of entities are easily told.
  const tables: Table[] = present.map((entity, number) => entityTable(entity, number, names, hasListTables));
  const owners = tables.slice() as EntityTable[];
  for (const [at, owner] of owners.entries()) {
    const { fields } = present[at]!;
    for (const field of fields.filter((field) => hasListTables && isListTable(field, owner))) {
      const list = listTable(field, owner, tables.length, names);
      owner.lists.push(list.number);
      tables.push(list);
    }
    for (const field of fields) pointLink(field, owner, tables, owners);
  }
  settleTypes(tables);
  return { tables };
}

/** Events and quads go by rules of their own, which are not the conflict rules of tables. */
function assertPlain({ name, events, quads }: CompiledEntity, target: string): void {
  if (events === undefined && quads === undefined) return;
  const what = events === undefined ? "quads" : "Nostr events";
  throw new PlimsollError("TARGET_RULES", { target, entity: name, what });
}

function entityTable(
  entity: CompiledEntity,
  number: number,
  names: NameSpace,
  hasListTables: boolean,
): EntityTable {
  const columnNames = new NameSpace(entity.rest === false ? [] : [restName]);
  const isJsonList = entity.keySlots.length === 0 || !hasListTables;
  const own = entity.fields.filter(({ list, slot }) => (!list || isJsonList) && slot !== entity.deletedSlot);
  const columns: TableColumn[] = own.map((field) => ({
    name: columnNames.take(field.column ?? field.name),
    type: field.list ? "json" : columnTypes[field.type],
    references: null,
  }));
  const slots: (number | null)[] = own.map(({ slot }) => slot);
  if (entity.rest !== false) {
    columns.push({ name: restName, type: "json", references: null });
    slots.push(null);
  }
  const columnOf = (slot: number) => slots.indexOf(slot);
  const key = entity.keySlots.map(columnOf);
  const hasIndex = ({ slot, indexes, linkEntity }: CompiledField) =>
    (indexes.some(({ kind }) => plainKinds.has(kind)) || linkEntity !== null) && !isOnlyKey(slot, entity);
  return {
    kind: "entity",
    number,
    entity: entity.number,
    name: names.take(entity.name),
    columns,
    slots,
    key,
    conflict: entity.conflict,
    version: entity.versionSlot === null ? null : columnOf(entity.versionSlot),
    hasTombstones: entity.deletedSlot !== undefined,
    lists: [],
    indexed: own.filter((field) => !field.list && hasIndex(field)).map(({ slot }) => columnOf(slot)),
    text: own.filter(isText).map(({ slot }) => columnOf(slot)),
  };
}

const plainKinds = new Set(["number", "exact", "prefix", "trigram"]);

function isOnlyKey(slot: number, { keySlots }: CompiledEntity): boolean {
  return keySlots[0] === slot;
}

function isText({ indexes, list }: CompiledField): boolean {
  return !list && indexes.some(({ kind }) => kind === "text" || kind === "stems");
}

/** Lists of records without a key have nothing to refer to: they are kept as JSON. */
function isListTable({ list }: CompiledField, owner: EntityTable): boolean {
  return list === true && owner.key.length > 0;
}

function listTable(field: CompiledField, owner: EntityTable, number: number, names: NameSpace): ListTable {
  const columnNames = new NameSpace();
  const keys = owner.key.map((column): TableColumn => {
    const { name, type } = owner.columns[column]!;
    return {
      name: columnNames.take(`${owner.name}_${name}`),
      type,
      references: { table: owner.number, column },
    };
  });
  const position = columnNames.take("position");
  return {
    kind: "list",
    number,
    name: names.take(`${owner.name}_${field.column ?? field.name}`),
    owner: owner.number,
    slot: field.slot,
    columns: [
      ...keys,
      { name: position, type: "int", references: null },
      { name: columnNames.take("value"), type: columnTypes[field.type], references: null },
    ],
    isIndexed: field.linkEntity !== null || field.indexes.length > 0,
  };
}

/** Points a link's column, in the table or in that of its list, to the key that it holds. */
function pointLink(
  field: CompiledField,
  owner: EntityTable,
  tables: readonly Table[],
  owners: readonly EntityTable[],
): void {
  const target = owners.find(({ entity }) => entity === field.linkEntity);
  if (target === undefined) return;
  const list = tables.find((table) => table.kind === "list" && isOf(table, owner, field));
  const column = list?.columns.at(-1) ?? owner.columns[owner.slots.indexOf(field.slot)];
  const [key] = target.key;
  if (column === undefined || column.type === "json" || key === undefined) return;
  column.references = { table: target.number, column: key };
}

function isOf(table: ListTable, owner: EntityTable, { slot }: CompiledField): boolean {
  return table.owner === owner.number && table.slot === slot;
}

/** A column has the type of what it refers to, so that the database can compare the two. */
function settleTypes(tables: readonly Table[]): void {
  for (const column of tables.flatMap(({ columns }) => columns)) {
    let end = column;
    // Keys that are links themselves may lead in a circle: then they keep their types.
    for (let steps = 0; end.references !== null && steps < tables.length; steps += 1) {
      end = tables[end.references.table]!.columns[end.references.column]!;
    }
    if (end.references === null) column.type = end.type;
  }
}
