/** The record of a quad as it is kept: docs/graph.md names its members. */
interface QuadRecord {
  subject: string;
  predicate: string;
  object?: string;
  value?: string;
  language?: string;
  datatype?: string;
  graph?: string;
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

/** The statement of a quad in the canonical form of RDF 1.1 N-Quads, without the end of its line. */
export function quadLine(record: unknown): string {
  const quad = record as QuadRecord;
  const object = quad.object === undefined ? literal(quad) : node(quad.object);
  const graph = quad.graph === undefined ? "" : ` ${node(quad.graph)}`;
  return `${node(quad.subject)} ${node(quad.predicate)} ${object}${graph} .`;
}

function node(text: string): string {
  return text.startsWith("_:") ? text : `<${text}>`;
}

function literal({ value = "", language, datatype }: QuadRecord): string {
  const text = `"${value.replace(/["\\\n\r]/g, (character) => escapes[character]!)}"`;
  if (language !== undefined) return `${text}@${language}`;
  return datatype === undefined ? text : `${text}^^<${datatype}>`;
}
