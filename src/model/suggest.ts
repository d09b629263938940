/** Names that are close to a wrong one: every message about an unknown name ends with them. */
const suggestionDistanceMax = 3;

/** The known name nearest to `name`, when it is near enough to be what was meant. */
export function suggestName(name: string, known: Iterable<string>): string | null {
  let nearest: string | null = null;
  let nearestDistance = Math.min(suggestionDistanceMax, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** ` (did you mean "x"?)`, or the list of what there is, or nothing when there is nothing. */
export function suggestionText(name: string, known: Iterable<string>): string {
  const names = [...known];
  const nearest = suggestName(name, names);
  if (nearest !== null) return ` (did you mean "${nearest}"?)`;
  if (names.length === 0) return "";
  const shown = names.slice(0, 12).join(", ");
  return ` (there are: ${shown}${names.length > 12 ? ", ..." : ""})`;
}

/** Levenshtein distance with adjacent transpositions counted as one edit, over the two last rows only. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isEqual = left[row - 1] === right[column - 1];
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isEqual ? 0 : 1));
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && isSwap) best = Math.min(best, beforeLast[column - 2]! + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length]!;
}
