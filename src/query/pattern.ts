import { patternCharsMax, patternInstructionsMax, patternStatesBytesMax } from "../kernel/index.js";
import { patternSize } from "./pattern-size.js";
import { isObject, queryFault } from "./query-fault.js";
import { re2Library } from "./re2-library.js";

type Re2 = import("re2js").RE2JS;

/** An instruction of a compiled pattern, as the library has it. */
export interface Instruction {
  op: number;
  out: number;
  arg: number;
  runes: Int32Array;
}

const flagLetters = "ims";
const mend = 'Write a regular expression of RE2, such as "^ab+c", or {"pattern":"ab+c","flags":"i"}';

/**
 * A regular expression of a filter. Its engine takes time in proportion to the text, whatever the pattern:
 * those that go back over the text can be made to take for ever by whoever may ask a question.
 */
export class Pattern {
  readonly source: string;
  readonly #compiled: Re2;

  constructor(source: string, compiled: Re2) {
    this.source = source;
    this.#compiled = compiled;
    const { dfa } = compiled.re2();
    dfa.maxMem = dfa.stateBudget = dfa.memBudget = patternStatesBytesMax;
  }

  /** Whether it matches a part of the text. */
  matches(text: string): boolean {
    return this.#compiled.test(text);
  }

  get start(): number {
    return this.#compiled.re2().prog.start as number;
  }

  get instructions(): readonly Instruction[] {
    return this.#compiled.re2().prog.inst as Instruction[];
  }
}

/** Reads the operand of `regex`: a pattern, or an object of a pattern and flags. */
export function parsePattern(operand: unknown, path: string): Pattern {
  if (typeof operand === "string") return compilePattern(operand, path);
  if (!isObject(operand) || typeof operand.pattern !== "string") {
    throw queryFault(path, "must be a regular expression", mend);
  }
  const { pattern, flags = "", ...rest } = operand;
  const [other] = Object.keys(rest);
  if (other !== undefined)
    throw queryFault(`${path}.${other}`, "is not a member of a regular expression", mend);
  if (typeof flags !== "string" || [...flags].some((letter) => !flagLetters.includes(letter))) {
    throw queryFault(`${path}.flags`, "must be letters out of i, m and s", 'Write for instance "flags":"i"');
  }
  return compilePattern(flags === "" ? pattern : `(?${flags})${pattern}`, path);
}

function compilePattern(source: string, path: string): Pattern {
  if (source.length > patternCharsMax || patternSize(source) > patternInstructionsMax) {
    const written = `or ${patternInstructionsMax} when its repeats are written out`;
    throw queryFault(path, `is longer than ${patternCharsMax} characters, ${written}`, "Ask for less of it");
  }
  const { RE2JS, RE2JSException } = re2Library();
  try {
    return new Pattern(source, RE2JS.compile(source));
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw queryFault(
      path,
      `is not a regular expression of RE2: ${error.message.replace(/^.*?: /, "")}`,
      mend,
    );
  }
}
