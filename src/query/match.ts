import { joinKeyLengthMax, linkVerdictCharsMax, linkVerdictsMax } from "../kernel/index.js";
import type { CompiledEntity, Place } from "../model/index.js";
import { type IdCursor, intersect } from "../postings/index.js";
import type { Area } from "./area.js";
import { conjunction, type Where } from "./filter-ast.js";
import { readableText, recordRule } from "./index-words.js";
import type { LiveRecord } from "./live-record.js";
import { termAt, termKey, whereTerm } from "./quad-terms.js";
import type { QueryStore } from "./query-store.js";

/**
 * Evaluates conditions on the record itself, which is what every answer rests on: posting lists only propose.
 * Steps along links read the other records, whose verdicts are kept in a table of bounded size.
 */
export class Matcher {
  readonly #store: QueryStore;
  #verdicts = new Map<string, boolean>();
  #verdictChars = 0;
  readonly #partNumbers = new Map<Where, number>();

  constructor(store: QueryStore) {
    this.#store = store;
  }

  /** Without closures: what they would hold is made anew for each condition of each record. */
  matches(where: Where, entity: CompiledEntity, record: LiveRecord): boolean {
    const { fields } = this.#store;
    switch (where.kind) {
      case "and":
        for (const part of where.parts) if (!this.matches(part, entity, record)) return false;
        return true;
      case "or":
        for (const part of where.parts) if (this.matches(part, entity, record)) return true;
        return false;
      case "not":
        return !this.matches(where.part, entity, record);
      case "value":
        return fields.meets(where.field, where.test, record);
      case "exists":
        return fields.exists(where.field, record);
      case "place":
        return isCovered(where.area, fields.places(entity, where.field, record));
      case "pair":
        return fields.meetsPair(where.field, where.name, where.test, record);
      case "words":
        return this.#matchesWords(where, entity, record);
      case "forward":
        return this.#matchesForward(where, record);
      case "back":
        return this.#matchesBack(where, entity, record);
      case "join":
        return this.#matchesJoin(where, entity, record);
    }
  }

  #matchesWords(
    where: Extract<Where, { kind: "words" }>,
    entity: CompiledEntity,
    record: LiveRecord,
  ): boolean {
    const { fields } = this.#store;
    const rules = where.indexes.map((index) => recordRule(fields, entity, index, record));
    // A word that one of the fields leaves out need not be in the others.
    const missing = new Set(where.tokens.filter((token) => rules.every((rule) => rule(token) !== null)));
    if (missing.size === 0) return false;
    for (const [at, index] of where.indexes.entries()) {
      const rule = rules[at]!;
      const wanted = [...missing].map((token) => ({ token, form: rule(token) }));
      for (const value of fields.values(entity.fields[index.slot]!, record)) {
        const found = new Set(fields.tokens(readableText(index, value)).map(rule));
        for (const { token, form } of wanted) if (found.has(form)) missing.delete(token);
        if (missing.size === 0) return true;
      }
    }
    return false;
  }

  #matchesForward(where: Extract<Where, { kind: "forward" }>, record: LiveRecord): boolean {
    for (const target of this.#store.links.targets(where.field, record)) {
      const isMatch = this.#verdict(where, target, () => {
        const found = this.#store.records.live(target);
        return found !== undefined && this.matches(where.part, where.target, found);
      });
      if (isMatch) return true;
    }
    return false;
  }

  #matchesBack(where: Extract<Where, { kind: "back" }>, entity: CompiledEntity, record: LiveRecord): boolean {
    for (const id of this.#store.links.sources(entity, record, where.field, where.source)) {
      const isMatch = this.#verdict(where, id, () => {
        const found = this.#store.records.live(id);
        return found !== undefined && this.matches(where.part, where.source, found);
      });
      if (isMatch) return true;
    }
    return false;
  }

  /** Quads with the term at the other place, met with the lists of what else is asked of them. */
  #matchesJoin(where: Extract<Where, { kind: "join" }>, entity: CompiledEntity, record: LiveRecord): boolean {
    const term = termAt(record, where.own);
    if (term === null) return false;
    const judge = () => {
      const all = conjunction([whereTerm(entity, where.other, term), where.part]);
      for (const ids = this.#proposed(entity, all); ids.id < this.#store.sealed.nextId; ids.next()) {
        const found = this.#store.records.live(ids.id);
        if (found?.entity === entity.number && this.matches(all, entity, found)) return true;
      }
      return false;
    };
    const key = termKey(term);
    return key.length > joinKeyLengthMax ? judge() : this.#verdict(where, key, judge);
  }

  /** What the lists of values have that must be there; all quads where none of these has an index. */
  #proposed(entity: CompiledEntity, where: Where): IdCursor {
    const lists = equalLists(this.#store, where);
    return lists.length === 0 ? this.#store.records.entityIds(entity.number, 0) : intersect(lists);
  }

  /** Whether the record at the other end of a link meets its part: many records point at few. */
  #verdict(where: Where, end: number | string, judge: () => boolean): boolean {
    const number = this.#partNumbers.get(where) ?? this.#partNumbers.size;
    this.#partNumbers.set(where, number);
    const key = `${number}:${end}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = judge();
    if (this.#verdictChars + key.length > linkVerdictCharsMax || this.#verdicts.size >= linkVerdictsMax) {
      this.#verdicts = new Map();
      this.#verdictChars = 0;
    }
    this.#verdicts.set(key, verdict);
    this.#verdictChars += key.length;
    return verdict;
  }
}

function isCovered(area: Area, places: Place[]): boolean {
  return places.some((place) => area.covers(place));
}

/** The lists of the values that must be there. */
function equalLists(store: QueryStore, where: Where): IdCursor[] {
  const parts = where.kind === "and" ? where.parts : [where];
  return parts.flatMap((part) => {
    if (part.kind !== "value" || part.test.anyOf?.length !== 1) return [];
    const index = part.field.indexes.find(({ kind }) => kind === "exact");
    if (index === undefined) return [];
    const { term } = store.terms.equal(part.field, index.kind, part.test.anyOf[0]!);
    return [store.lists.open(index.number, term, 0)];
  });
}
