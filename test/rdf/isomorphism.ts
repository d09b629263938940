import { createHash } from "node:crypto";

/** A quad as its terms in N-Quads, without the full stop; blank nodes begin with `_:`. */
export type Terms = readonly string[];

const roundsMax = 64;

/** Whether two sets of quads are the same but for the labels of blank nodes. */
export function isIsomorphic(left: readonly Terms[], right: readonly Terms[]): boolean {
  const [ours, theirs] = [unique(left), unique(right)];
  return ours.length === theirs.length && isMatch(ours, theirs, new Map());
}

function unique(quads: readonly Terms[]): Terms[] {
  return [...new Map(quads.map((quad) => [quad.join(" "), quad])).values()];
}

/** Colours nodes by what surrounds them; nodes that look alike are tried with one another in turn. */
function isMatch(left: Terms[], right: Terms[], pairs: ReadonlyMap<string, string>): boolean {
  const ours = colours(left, [...pairs.keys()]);
  const theirs = colours(right, [...pairs.values()]);
  const [ourClasses, theirClasses] = [classes(ours), classes(theirs)];
  for (const [colour, nodes] of ourClasses) {
    if (theirClasses.get(colour)?.length !== nodes.length) return false;
  }
  if (ourClasses.size !== theirClasses.size) return false;
  const open = [...ourClasses].find(([, nodes]) => nodes.length > 1);
  if (open === undefined) return coloured(left, ours) === coloured(right, theirs);
  const [colour, [node]] = open;
  return theirClasses
    .get(colour)!
    .some((candidate) => isMatch(left, right, new Map([...pairs, [node!, candidate]])));
}

function colours(quads: Terms[], chosen: readonly string[]): Map<string, string> {
  let found = new Map<string, string>();
  for (const quad of quads) for (const term of quad) if (term.startsWith("_:")) found.set(term, "");
  chosen.forEach((node, index) => {
    found.set(node, `chosen ${index}`);
  });
  let count = 0;
  for (let round = 0; round < roundsMax; round++) {
    const next = new Map<string, string>();
    for (const [node, colour] of found) {
      const around = quads
        .filter((quad) => quad.includes(node))
        .map((quad) => quad.map((term) => (term === node ? "_:self" : (found.get(term) ?? term))).join(" "));
      next.set(node, digest(`${colour}\n${around.sort().join("\n")}`));
    }
    const kinds = new Set(next.values()).size;
    found = next;
    if (round > 0 && kinds === count) break;
    count = kinds;
  }
  return found;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function classes(found: ReadonlyMap<string, string>): Map<string, string[]> {
  const byColour = new Map<string, string[]>();
  for (const [node, colour] of found) byColour.set(colour, [...(byColour.get(colour) ?? []), node]);
  return byColour;
}

function coloured(quads: Terms[], found: ReadonlyMap<string, string>): string {
  return quads
    .map((quad) => quad.map((term) => found.get(term) ?? term).join(" "))
    .sort()
    .join("\n");
}
