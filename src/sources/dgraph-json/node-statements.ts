import { randomUUID } from "node:crypto";
import { dgraphDepthMax, dgraphOutputBytesMax } from "../../kernel/index.js";

/** Why an object cannot be read as statements. */
export class StatementFault extends Error {}

const schema = "http://www.w3.org/2001/XMLSchema#";
/** Strings or numbers in JSON whose grammar is proven. */
const scalars = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a name holds none of them.
const nameStops = /[\u0000-\u0020<>"{}|^`\\]/;
const facetKey = /^[^\s=(),"\\]+$/;
const facetDate = /^\d{4}-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)?$/;

/** In front of the text of a number, so that no list of a document is taken for one. */
const numberMark = randomUUID();

/** A number keeps its text: 1.0 is no int. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Turns the objects of one document into statements, one after another. */
export class NodeStatements {
  #counted = 0;
  #lines: string[] = [];
  #bytes = 0;

  /** The statements of an object and of all within it. */
  of(text: string): string {
    this.#lines = [];
    this.#bytes = 0;
    this.#node(parseNumbersAsText(text), 0);
    return this.#lines.join("");
  }

  /** Writes what hangs on a node, and returns its term. */
  #node(node: Record<string, unknown>, depth: number): string {
    if (depth > dgraphDepthMax) throw new StatementFault(`it nests deeper than ${dgraphDepthMax} levels`);
    const term = this.#termOf(node.uid);
    for (const [key, value] of Object.entries(node)) {
      if (key === "uid" || key.includes("|")) continue;
      const items: unknown[] = Array.isArray(value) ? value : [value];
      for (const [at, item] of items.entries()) {
        const place = Array.isArray(value) ? at : null;
        if (item !== null) this.#edge(term, key, item, { node, place, depth });
      }
    }
    return term;
  }

  #edge(
    term: string,
    key: string,
    item: unknown,
    { node, place, depth }: { node: Record<string, unknown>; place: number | null; depth: number },
  ): void {
    const [name = "", language] = key.split("@", 2);
    const predicate = named(name);
    if (!isObject(item) || isGeo(item)) {
      this.#write(`${term} ${predicate} ${literal(item, language)}${facetsOf(node, key, place)} .\n`);
      return;
    }
    const object = this.#node(item, depth + 1);
    this.#write(`${term} ${predicate} ${object}${facetsOf(item, key, null)} .\n`);
  }

  #termOf(uid: unknown): string {
    if (uid === undefined || uid === "") return `_:genid${this.#counted++}`;
    if (uid instanceof NumberText) {
      if (!/^\d+$/.test(uid.text)) throw new StatementFault(`the uid ${uid.text} is none`);
      return `<0x${BigInt(uid.text).toString(16)}>`;
    }
    if (typeof uid !== "string") throw new StatementFault("a uid must be a string or a number");
    // A label of the document that looks like one that is counted gets an underscore more.
    return uid.startsWith("_:") ? uid.replace(/^_:genid(?=_*\d+$)/, "_:genid_") : named(uid);
  }

  #write(line: string): void {
    this.#bytes += line.length;
    if (this.#bytes > dgraphOutputBytesMax) throw new StatementFault("it says more than can be held");
    this.#lines.push(line);
  }
}

function parseNumbersAsText(text: string): Record<string, unknown> {
  JSON.parse(text);
  // The grammar is proven: a number that stands outside of strings is wrapped, to be told from a string.
  const marked = text.replaceAll(scalars, (scalar) =>
    scalar.startsWith('"') ? scalar : `["${numberMark}","${scalar}"]`,
  );
  return JSON.parse(marked, (_key, value: unknown) => {
    const isNumber = Array.isArray(value) && value.length === 2 && value[0] === numberMark;
    return isNumber ? new NumberText(String(value[1])) : value;
  }) as Record<string, unknown>;
}

function named(name: string): string {
  if (name === "" || nameStops.test(name)) throw new StatementFault(`${JSON.stringify(name)} is no name`);
  return `<${name}>`;
}

function literal(value: unknown, language: string | undefined): string {
  if (typeof value === "string") return quoted(value) + (language === undefined ? "" : `@${language}`);
  if (typeof value === "boolean") return `"${value}"^^<${schema}boolean>`;
  if (value instanceof NumberText) {
    return `"${value.text}"^^<${schema}${/^-?\d+$/.test(value.text) ? "int" : "float"}>`;
  }
  if (isObject(value)) return `${quoted(JSON.stringify(value, plainNumber))}^^<geo:geojson>`;
  throw new StatementFault("a list stands in a list");
}

/** The facets of an edge: `predicate|key` beside it, or with the values by their places in a list. */
function facetsOf(node: Record<string, unknown>, predicate: string, place: number | null): string {
  const facets: string[] = [];
  for (const [name, written] of Object.entries(node)) {
    if (!name.startsWith(`${predicate}|`)) continue;
    const key = name.slice(predicate.length + 1);
    if (!facetKey.test(key)) throw new StatementFault(`${JSON.stringify(name)} is no facet`);
    const value = place === null || !isObject(written) ? written : written[String(place)];
    if (value !== undefined && value !== null) facets.push(`${key}=${facetText(value)}`);
  }
  return facets.length === 0 ? "" : ` (${facets.join(", ")})`;
}

function facetText(value: unknown): string {
  if (typeof value === "string") return facetDate.test(value) ? value : quoted(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof NumberText) return value.text;
  throw new StatementFault("a facet's value is a string, a number, true or false");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
  );
}

function isGeo(value: Record<string, unknown>): boolean {
  return typeof value.type === "string" && Array.isArray(value.coordinates);
}

function plainNumber(_key: string, value: unknown): unknown {
  return value instanceof NumberText ? Number(value.text) : value;
}

const textStops = /["\\\n\r]|\p{Surrogate}/gu;

/** A lone surrogate has no bytes of its own: what is written for it is turned down. */
function quoted(text: string): string {
  const code = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(textStops, code)}"`;
}
