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

const escapes: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** The statement of a quad in the canonical form of N-Quads, without the end of its line. */
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the form has escaped.
  const text = `"${value.replace(/["\\\u0000-\u001f\u007f]/g, escapeOf)}"`;
  if (language !== undefined) return `${text}@${language}`;
  return datatype === undefined ? text : `${text}^^<${datatype}>`;
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return escapes[character] ?? `\\u${code}`;
}
