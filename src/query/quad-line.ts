import type { QuadMember } from "../model/index.js";
import type { LiveRecord } from "./live-record.js";
import { isObject } from "./query-fault.js";

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

/**
 * The statement of a quad in the canonical form of RDF 1.1 N-Quads, without the end of its line. The record
 * was held to the form of a quad when it was loaded. Facets are for Dgraph's dialect.
 */
export function quadLine(record: unknown, facets: string | null = null): string {
  const textOf = (member: QuadMember) => memberText((record as Record<string, unknown>)[member]);
  const [value, language, datatype] = [textOf("value"), textOf("language"), textOf("datatype")];
  const object = value === null ? node(textOf("object")!) : literal(value, language, datatype);
  const graph = textOf("graph");
  const name = graph === null ? "" : ` ${node(graph)}`;
  const behind = facets === null ? "" : ` ${facets}`;
  return `${node(textOf("subject")!)} ${node(textOf("predicate")!)} ${object}${name}${behind} .`;
}

const facetKey = /^[^\s=(),"\\]+$/;
const facetDate = /^[\d:TZ.+-]+$/;

/**
 * The facets of a quad as Dgraph's dialect has them, numbers as they are written; null when it has none.
 * Quads that came as JSON were not held to a form of facets: `undefined` where the dialect cannot write them.
 */
export function facetsText({ value, literals }: LiveRecord): string | null | undefined {
  if (!isObject(value) || value.facets === undefined) return null;
  if (!isObject(value.facets)) return undefined;
  const { facets: written } = literals as { facets: Record<string, unknown> };
  const texts = Object.entries(value.facets).map(([key, facet]) => {
    const text = facetKey.test(key) ? facetText(facet, written[key]) : null;
    return text === null ? null : `${key}=${text}`;
  });
  return texts.length === 0 || texts.includes(null) ? undefined : `(${texts.join(", ")})`;
}

function facetText(facet: unknown, written: unknown): string | null {
  if (typeof facet === "string") return quoted(facet);
  if (isObject(facet)) {
    const { datetime } = facet;
    return typeof datetime === "string" && facetDate.test(datetime) ? datetime : null;
  }
  return typeof written === "string" ? written : null;
}

/** Arrays around a value are transparent, as everywhere in records, and null is no value. */
export function memberText(member: unknown): string | null {
  if (typeof member === "string") return member;
  const texts = [member].flat(Number.POSITIVE_INFINITY).filter((item) => typeof item === "string");
  return texts[0] ?? null;
}

function node(text: string): string {
  return text.startsWith("_:") ? text : `<${text}>`;
}

function literal(value: string, language: string | null, datatype: string | null): string {
  const text = quoted(value);
  if (language !== null) return `${text}@${language}`;
  return datatype === null ? text : `${text}^^<${datatype}>`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r]/g, (character) => escapes[character]!)}"`;
}
