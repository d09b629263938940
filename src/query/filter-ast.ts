import type { CompiledEntity, CompiledField, CompiledIndex } from "../model/index.js";
import type { Area } from "./area.js";
import type { Pattern } from "./pattern.js";

/**
 * A value in the form in which values of one field are compared: text for string and hex, number or BigInt
 * for int, float and date (milliseconds), 0 and 1 for bool. Mixed numbers and BigInts compare exactly.
 */
export type Comparable = string | number | bigint;

export interface Bound {
  value: Comparable;
  isInclusive: boolean;
}

/** What one value of a field must meet; a field of several values passes when one of them meets all of it. */
export interface ValueTest {
  anyOf: Comparable[] | null;
  lower: Bound | null;
  upper: Bound | null;
  prefix: string | null;
  contains: string | null;
  pattern: Pattern | null;
}

/** What every value meets. */
export const anyValue: ValueTest = {
  anyOf: null,
  lower: null,
  upper: null,
  prefix: null,
  contains: null,
  pattern: null,
};

export type Where =
  | { kind: "and"; parts: Where[] }
  | { kind: "or"; parts: Where[] }
  | { kind: "not"; part: Where }
  | { kind: "value"; field: CompiledField; test: ValueTest }
  | { kind: "exists"; field: CompiledField }
  /** One of the places of the field lies in the area. */
  | { kind: "place"; field: CompiledField; area: Area }
  /** Entries of a pairs field with this name; without a test any value will do. */
  | { kind: "pair"; field: CompiledField; name: string; test: ValueTest | null }
  /** The record whose key the field holds meets `part`. */
  | { kind: "forward"; field: CompiledField; target: CompiledEntity; part: Where }
  /** A record of `source` points at this one through `field` and meets `part`. */
  | { kind: "back"; source: CompiledEntity; field: CompiledField; part: Where }
  /** Every word occurs in one of the indexes, each in the form in which that has it. */
  | { kind: "words"; indexes: CompiledIndex[]; tokens: string[] };

export interface Order {
  field: CompiledField;
  index: CompiledIndex;
  isDescending: boolean;
  /** Records of equal value stand by the text of this field; without it, by id. */
  tieField: CompiledField | null;
}

export interface Query {
  entity: CompiledEntity;
  where: Where;
  order: Order | null;
  /** Best match first: there are words and no order was asked for. */
  isRanked: boolean;
  limit: number | null;
  offset: number;
}

export const everything: Where = { kind: "and", parts: [] };

/** One conjunction without nesting: planner and evaluator look at its parts one by one. */
export function conjunction(parts: Where[]): Where {
  const flat = parts.flatMap((part) => (part.kind === "and" ? part.parts : [part]));
  return flat.length === 1 ? flat[0]! : { kind: "and", parts: flat };
}
