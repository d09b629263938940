import { quadPatternsMax } from "../kernel/index.js";
import { type QuadPlace, quadPlaces } from "./filter-ast.js";
import type { QuadTerm } from "./quad-terms.js";
import { queryFault } from "./query-fault.js";

/** A term at each place, or a variable, whose name is null where nobody asks for it again. */
export type PatternTerm = QuadTerm | { variable: string | null };
export type QuadPattern = ReadonlyMap<QuadPlace, PatternTerm>;

/** A term as N-Quads have it, a variable, or the dot between two patterns. */
const tokens = {
  iri: /<((?:[^\0-\x20<>"{}|^`\\]|\\u[\dA-Fa-f]{4}|\\U[\dA-Fa-f]{8})*)>/y,
  blank: /_:[^\s<>"?]*[^\s<>"?.]/y,
  literal: /"((?:[^"\\\n\r]|\\[tbnrf"'\\]|\\u[\dA-Fa-f]{4}|\\U[\dA-Fa-f]{8})*)"/y,
  language: /@([A-Za-z]+(?:-[A-Za-z\d]+)*)/y,
  variable: /\?(\w*)/y,
  dot: /\./y,
};

const escapes: Readonly<Record<string, string>> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };
const xsdString = "http://www.w3.org/2001/XMLSchema#string";
const example = "Write for instance '?person <https://schema.org/name> \"Ada\"', with ? for whatever it is";

/** Reads patterns such as `?s <p> ?o . ?o <q> "text"@en`: three terms each, or four with the graph. */
export function parsePatterns(text: string, path: string): QuadPattern[] {
  const reader = new TokenReader(text, path);
  const patterns: QuadPattern[] = [];
  let terms: PatternTerm[] = [];
  const close = () => {
    if (terms.length < 3 || terms.length > 4) {
      throw queryFault(path, `has a pattern of ${terms.length} terms in place of 3 or 4`, example);
    }
    patterns.push(patternOf(terms, path));
    terms = [];
  };
  while (!reader.isAtEnd) {
    if (reader.take("dot") === null) terms.push(reader.term());
    else close();
  }
  if (terms.length > 0 || patterns.length === 0) close();
  if (patterns.length > quadPatternsMax) {
    throw queryFault(path, `has more than ${quadPatternsMax} patterns`, "Ask in several steps");
  }
  return patterns;
}

function patternOf(terms: readonly PatternTerm[], path: string): QuadPattern {
  const pattern = new Map(terms.map((term, at) => [quadPlaces[at]!, term]));
  for (const [place, term] of pattern) {
    if ("value" in term && place !== "object") {
      throw queryFault(path, `has a literal as its ${place}`, "Literals stand in the third place alone");
    }
  }
  const names = terms.flatMap((term) =>
    "variable" in term && term.variable !== null ? [term.variable] : [],
  );
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return pattern;
  throw queryFault(path, `has ?${twice} twice in one pattern`, "Give each place a variable of its own");
}

class TokenReader {
  readonly #text: string;
  readonly #path: string;
  #at = 0;

  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
    this.#skipSpace();
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What the token encloses, with the space behind it passed over; null where there is none. */
  take(kind: keyof typeof tokens): string | null {
    const found = this.#match(kind);
    if (found !== null) this.#skipSpace();
    return found;
  }

  term(): PatternTerm {
    const node = this.#iri() ?? this.#blank();
    if (node !== null) return { node };
    const variable = this.take("variable");
    if (variable !== null) return { variable: variable === "" ? null : variable };
    const literal = this.#match("literal");
    if (literal !== null) return this.#literal(unescaped(literal));
    const shown = JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
    const what = `cannot be read at character ${this.#at + 1}: ${shown}`;
    throw queryFault(this.#path, what, example);
  }

  /** What stands right behind the closing quote belongs to it. */
  #literal(value: string): QuadTerm {
    const language = this.#match("language");
    const isTyped = language === null && this.#text.startsWith("^^", this.#at);
    if (isTyped) this.#at += 2;
    const datatype = isTyped ? this.#iri() : null;
    if (isTyped && datatype === null) throw queryFault(this.#path, "has ^^ without a datatype", example);
    if (!isTyped) this.#skipSpace();
    return { value, language, datatype: datatype === xsdString ? null : datatype };
  }

  #iri(): string | null {
    const text = this.take("iri");
    return text === null ? null : unescaped(text);
  }

  #blank(): string | null {
    const start = this.#at;
    return this.take("blank") === null ? null : this.#text.slice(start, this.#at).trimEnd();
  }

  #match(kind: keyof typeof tokens): string | null {
    const token = tokens[kind];
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (found === null) return null;
    this.#at = token.lastIndex;
    return found[1] ?? "";
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(.))/g, (whole, four, eight, one) => {
    if (one !== undefined) return escapes[one] ?? one;
    const code = Number.parseInt(four ?? eight, 16);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
