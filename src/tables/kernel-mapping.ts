import type { CompiledEntity, CompiledField, CompiledMapping } from "../model/index.js";
import { type EntityTable, type TablePlan, tableOfEntity } from "./table-plan.js";

/**
 * The mapping as the kernels need it for tables: they check records and find the values, but index nothing,
 * since databases have keys, conflicts and indexes of their own. Entities and slots keep their numbers.
 */
export function kernelMapping(
  mapping: CompiledMapping,
  plan: TablePlan,
  isDeleting: boolean,
): CompiledMapping {
  const entities = mapping.entities.map((entity): CompiledEntity => {
    const table = tableOfEntity(plan, entity.number);
    if (table === undefined) return entity;
    const { number, name, match } = entity;
    const fields = entity.fields.map((field) => kernelField(field, entity, table, isDeleting));
    const shape = entity.columns === undefined ? {} : { columns: entity.columns };
    const plain = { keySlots: [], conflict: { kind: "keep" as const }, versionSlot: null };
    return { number, name, match, ...plain, ...shape, fields };
  });
  return { ...mapping, entities };
}

function kernelField(
  field: CompiledField,
  entity: CompiledEntity,
  table: EntityTable,
  isDeleting: boolean,
): CompiledField {
  const isMark = field.slot === entity.deletedSlot;
  return {
    ...field,
    // A mark may be written in more ways than one type has.
    type: isMark ? "string" : isWhole(field, table) ? "json" : field.type,
    indexes: [],
    linkEntity: null,
    // A tombstone needs its key alone: whether others are there is looked at when it is known for none.
    required: field.required && !isDeleting && entity.deletedSlot === undefined,
  };
}

/** Whether the value is kept as the JSON that it is: so are lists that have a column. */
function isWhole({ type, list, slot }: CompiledField, { slots }: EntityTable): boolean {
  return type === "pairs" || type === "json" || (list === true && slots.includes(slot));
}
