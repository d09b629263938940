import type { CompiledEntity } from "../model/index.js";
import { conjunction, everything, type QuadPlace, type Where } from "./filter-ast.js";
import { parsePatterns, type QuadPattern } from "./quad-pattern.js";
import { whereTerm } from "./quad-terms.js";
import { queryFault } from "./query-fault.js";

/** A pattern that hangs on another one by the variable that they share. */
interface Joined {
  own: QuadPlace;
  other: QuadPlace;
  number: number;
}

/**
 * The condition that a quad meets the first of some patterns, and that others can be met together with it.
 * Each of these shares one variable with those before it, so that patterns make a tree: then whether one can
 * be met is for the quads of that one alone to say, and nothing need be put together and held.
 */
export function whereQuads(entity: CompiledEntity, text: string, path: string): Where {
  const patterns = parsePatterns(text, path);
  const joined = patterns.map((): Joined[] => []);
  const places = new Map<string, { number: number; place: QuadPlace }>();
  for (const [number, pattern] of patterns.entries()) {
    const shared = variablesOf(pattern).filter(({ name }) => places.has(name));
    if (number > 0) joinTo(joined, places, { number, shared, path });
    for (const { name, place } of variablesOf(pattern)) {
      if (!places.has(name)) places.set(name, { number, place });
    }
  }
  const whereOf = (number: number): Where => {
    const parts = termsOf(entity, patterns[number]!);
    for (const { own, other, number: next } of joined[number]!) {
      parts.push({ kind: "join", own, other, part: whereOf(next) });
    }
    return parts.length === 0 ? everything : conjunction(parts);
  };
  return whereOf(0);
}

function joinTo(
  joined: Joined[][],
  places: ReadonlyMap<string, { number: number; place: QuadPlace }>,
  { number, shared, path }: { number: number; shared: { name: string; place: QuadPlace }[]; path: string },
): void {
  const [first, second] = shared;
  const which = number + 1;
  if (first === undefined) {
    throw queryFault(
      path,
      `has a pattern, number ${number + 1}, without a variable of those before it`,
      mend,
    );
  }
  if (second !== undefined) {
    const both = `both ?${first.name} and ?${second.name}`;
    throw queryFault(path, `has a pattern, number ${which}, with ${both} of those before it`, mend);
  }
  const { number: former, place: own } = places.get(first.name)!;
  joined[former]!.push({ own, other: first.place, number });
}

const mend = "Let each pattern share one variable with those before it";

function variablesOf(pattern: QuadPattern): { name: string; place: QuadPlace }[] {
  return [...pattern].flatMap(([place, term]) =>
    "variable" in term && term.variable !== null ? [{ name: term.variable, place }] : [],
  );
}

function termsOf(entity: CompiledEntity, pattern: QuadPattern): Where[] {
  return [...pattern].flatMap(([place, term]) => {
    if (!("variable" in term)) return [whereTerm(entity, place, term)];
    // Whatever has a name is some term, and the default graph is none; a bare ? passes over both.
    const isNeeded = place === "graph" && term.variable !== null;
    return isNeeded ? [{ kind: "exists", field: entity.fields.find(({ name }) => name === place)! }] : [];
  });
}
