import type { CompiledEntity, CompiledField, QuadMember } from "../model/index.js";
import { anyValue, conjunction, type QuadPlace, type Where } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import { memberText } from "./quad-line.js";

/** An IRI or a blank node as a record holds it, or a literal. */
export type QuadTerm = { node: string } | { value: string; language: string | null; datatype: string | null };

/** The term at a place of a quad; null where there is none, as there is no graph in the default one. */
export function termAt(record: LiveRecord, place: QuadPlace): QuadTerm | null {
  const textOf = (member: QuadMember) => memberText((record.value as Record<string, unknown>)[member]);
  const node = textOf(place);
  if (node !== null) return { node };
  const value = place === "object" ? textOf("value") : null;
  return value === null ? null : { value, language: textOf("language"), datatype: textOf("datatype") };
}

/** One text for a term, and for no other: languages and datatypes have no tabs in them. */
export function termKey(term: QuadTerm): string {
  if ("node" in term) return term.node;
  return `${term.language ?? ""}\t${term.datatype ?? ""}\t${term.value}`;
}

/** The field whose index leads to the quads with this term at the place, and what it holds then. */
export function fieldOfTerm(
  entity: CompiledEntity,
  place: QuadPlace,
  term: QuadTerm,
): { field: CompiledField; text: string } {
  return "node" in term
    ? { field: fieldOf(entity, place), text: term.node }
    : { field: fieldOf(entity, "value"), text: term.value };
}

/** That a quad has this term at the place. */
export function whereTerm(entity: CompiledEntity, place: QuadPlace, term: QuadTerm): Where {
  const is = (member: QuadMember, text: string): Where => {
    const test = { ...anyValue, anyOf: [text] };
    return { kind: "value", field: fieldOf(entity, member), test };
  };
  if ("node" in term) return is(place, term.node);
  const isOrIsNot = (member: QuadMember, text: string | null): Where =>
    text === null
      ? { kind: "not", part: { kind: "exists", field: fieldOf(entity, member) } }
      : is(member, text);
  const { value, language, datatype } = term;
  return conjunction([is("value", value), isOrIsNot("language", language), isOrIsNot("datatype", datatype)]);
}

function fieldOf(entity: CompiledEntity, member: QuadMember): CompiledField {
  return entity.fields.find(({ name }) => name === member)!;
}
