import { patternClauseMax, patternClausesMax, patternNodesMax } from "../kernel/index.js";
import type { Instruction, Pattern } from "./pattern.js";
import { re2Library } from "./re2-library.js";

/** Text in lower case as the index has it, each byte a character. */
export type Fold = (text: string) => string;

/** Numbers of the library's instructions; whatever else there is ends the analysis. */
const op = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, fail: 5, nop: 7, rune: 8, rune1: 9 };
const anyRune = [10, 11];
const foldFlag = 1;

/** A class of more characters than this says nothing: its trigrams would be all there are. */
const classPointsMax = 32;

/**
 * A place in the pattern: the bytes that are still to come of a character, and the two before them if known.
 */
interface Place {
  at: number;
  tail: string;
  rest: string;
}

/** A step from a place; it reads the trigram, if that is known. */
interface Step {
  to: Place;
  trigram: string | null;
}

/**
 * What must occur in a text for the pattern to match it: of each clause one trigram. The pattern's automaton
 * is walked with the last two bytes in hand, so that steps read trigrams. Places are sorted by how many
 * trigrams must be read to get there; whoever gets from the start to a match steps from every distance to the
 * next one, so one of the steps between any two is taken.
 */
export function patternClauses(pattern: Pattern, fold: Fold): string[][] {
  const walk = new PatternWalk(pattern, fold);
  const clauses: string[][] = [];
  const seen = new Set<string>();
  let places: Place[] = [{ at: pattern.start, tail: "", rest: "" }];
  while (clauses.length < patternClausesMax) {
    const steps: Step[] = [];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const key = keyOf(place);
      if (seen.has(key)) continue;
      seen.add(key);
      const onwards = seen.size > patternNodesMax ? null : walk.steps(place);
      if (onwards === null) return clauses;
      for (const step of onwards) {
        if (step.trigram === null) places.push(step.to);
        else steps.push(step);
      }
    }
    const crossing = steps.filter(({ to }) => !seen.has(keyOf(to)));
    if (crossing.length === 0) return clauses;
    const clause = new Set(crossing.map(({ trigram }) => trigram!));
    if (clause.size <= patternClauseMax) clauses.push([...clause]);
    places = crossing.map(({ to }) => to);
  }
  return clauses;
}

/** Every three bytes of a text in a row must occur where it does. */
export function textClauses(text: string, fold: Fold): string[][] {
  const folded = fold(text);
  const clauses: string[][] = [];
  for (let at = 0; at + 3 <= folded.length && at < patternClausesMax; at++)
    clauses.push([folded.slice(at, at + 3)]);
  return clauses;
}

function keyOf({ at, tail, rest }: Place): string {
  return `${at}|${tail}|${rest}`;
}

/** The steps of a pattern's automaton, by bytes of its characters in lower case. */
class PatternWalk {
  readonly #instructions: readonly Instruction[];
  readonly #fold: Fold;
  readonly #orbits = new Map<number, number[]>();

  constructor(pattern: Pattern, fold: Fold) {
    this.#instructions = pattern.instructions;
    this.#fold = fold;
  }

  /** Null where the pattern matches, or where nothing is known of how it goes on. */
  steps({ at, tail, rest }: Place): Step[] | null {
    if (rest !== "") {
      const read = tail + rest[0]!;
      const to = { at, tail: read.slice(-2), rest: rest.slice(1) };
      return [{ to, trigram: read.length === 3 ? read : null }];
    }
    const instruction = this.#instructions[at]!;
    const { out, arg } = instruction;
    const goTo = (next: number): Step => ({ to: { at: next, tail, rest }, trigram: null });
    switch (instruction.op) {
      case op.alt:
      case op.altMatch:
        return [goTo(out), goTo(arg)];
      case op.capture:
      case op.emptyWidth:
      case op.nop:
        return [goTo(out)];
      case op.fail:
        return [];
      case op.rune:
      case op.rune1:
        break;
      default:
        return anyRune.includes(instruction.op) ? [unknown(out)] : null;
    }
    const texts = this.#texts(instruction);
    return texts?.map((text) => ({ to: { at: out, tail, rest: text }, trigram: null })) ?? [unknown(out)];
  }

  /** The characters that an instruction reads, in lower case; null when they are many. */
  #texts({ runes, arg }: Instruction): string[] | null {
    const [only] = runes;
    const points =
      runes.length === 1 ? ((arg & foldFlag) === 0 ? [only!] : this.#orbit(only!)) : pointsOf(runes);
    return points === null
      ? null
      : [...new Set(points.map((point) => this.#fold(String.fromCodePoint(point))))];
  }

  /** All that a character stands for where case is ignored, told by the library itself. */
  #orbit(point: number): number[] {
    let orbit = this.#orbits.get(point);
    if (orbit === undefined) {
      // Beside a character of no case: a class of one orbit would be made a character again.
      const { RE2JS } = re2Library();
      const program = RE2JS.compile(`(?i)[\\x{${point.toString(16)}}\\x{0}]`).re2().prog;
      const found = (program.inst as Instruction[]).find((candidate) => candidate.op === op.rune);
      orbit = [point, ...(pointsOf(found?.runes ?? new Int32Array(0)) ?? [])].filter((one) => one !== 0);
      this.#orbits.set(point, orbit);
    }
    return orbit;
  }
}

function unknown(at: number): Step {
  return { to: { at, tail: "", rest: "" }, trigram: null };
}

/** Characters of a list of ranges; null when they are many. */
function pointsOf(ranges: Int32Array): number[] | null {
  const points: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [first, last] = [ranges[at]!, ranges[at + 1]!];
    if (points.length + last - first >= classPointsMax) return null;
    for (let point = first; point <= last; point++) points.push(point);
  }
  return points;
}
