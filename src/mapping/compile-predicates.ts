import { predicateCountMax } from "../kernel/index.js";
import type { CompiledField } from "../model/index.js";
import type { MappingEntity, MappingField, MappingPredicate } from "./mapping.js";

/** Names that mean something else where conditions are written. */
const takenNames: readonly string[] = ["and", "or", "not"];

export interface PredicateCompiler {
  /** Compiles a field as it stands among the others, in the place of the predicate. */
  compile: (predicate: string, name: string, slot: number, field: MappingField) => CompiledField;
  /** A fault of one predicate, or of them all. */
  fault: (predicate: string | null, what: string) => Error;
}

/**
 * The fields by predicate of an entity of quads, behind its own `fields`. None has a column: a column holds a
 * value for every record, and the quads of one predicate are few among all.
 */
export function compilePredicates(
  entity: MappingEntity,
  fields: readonly CompiledField[],
  { compile, fault }: PredicateCompiler,
): CompiledField[] {
  const written = Object.entries(entity.predicates ?? {});
  if (written.length === 0) return [];
  if (entity.rules !== "quads") throw fault(null, "are for entities with the rules of quads alone");
  if (written.length > predicateCountMax) throw fault(null, `must be at most ${predicateCountMax}`);
  const names = new Set([...takenNames, ...fields.map(({ name }) => name)]);
  return written.map(([iri, one], at) => {
    const { type, index, language, tags }: MappingPredicate = typeof one === "string" ? { type: one } : one;
    const isLink = type === "link";
    if (isLink && index !== undefined) throw fault(iri, "needs no index: links are found by their object");
    if (tags === true && type !== "string")
      throw fault(iri, `must not have language tags: its type is ${type}`);
    if (type !== "string" && [index].flat().includes("place"))
      throw fault(iri, `must be of type string for an index of places, not ${type}`);
    const holds = isLink ? "object" : "value";
    const field = compile(iri, fieldName(iri, names), fields.length + at, {
      type: isLink ? "string" : type,
      path: [holds],
      ...(index === undefined ? {} : { index }),
      ...(language === undefined ? {} : { language }),
    });
    const indexes = field.indexes.map((one) => ({ ...one, hasColumn: false }));
    const hasLanguage = type === "string" && tags !== false;
    return { ...field, indexes, predicate: { iri, holds, hasLanguage } };
  });
}

/** The predicate itself, or in angle brackets where a filter would take it for something else. */
function fieldName(iri: string, taken: ReadonlySet<string>): string {
  return taken.has(iri) ? `<${iri}>` : iri;
}
