import type { QuadMember } from "../model/index.js";

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

/**
 * The statement of a quad in the canonical form of RDF 1.1 N-Quads, without the end of its line. The record
 * was held to the form of a quad when it was loaded.
 */
export function quadLine(record: unknown): string {
  const textOf = (member: QuadMember) => memberText((record as Record<string, unknown>)[member]);
  const [value, language, datatype] = [textOf("value"), textOf("language"), textOf("datatype")];
  const object = value === null ? node(textOf("object")!) : literal(value, language, datatype);
  const graph = textOf("graph");
  const name = graph === null ? "" : ` ${node(graph)}`;
  return `${node(textOf("subject")!)} ${node(textOf("predicate")!)} ${object}${name} .`;
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
  const text = `"${value.replace(/["\\\n\r]/g, (character) => escapes[character]!)}"`;
  if (language !== null) return `${text}@${language}`;
  return datatype === null ? text : `${text}^^<${datatype}>`;
}
