import { PlimsollError } from "../kernel/index.js";

export interface SchemaToken {
  /** `end` stands behind the last one. */
  kind: "name" | "iri" | "number" | "mark" | "end";
  /** Without the brackets of an IRI. */
  text: string;
  line: number;
}

const pattern = new RegExp(
  [
    String.raw`(?<blank>[ \t\r\n\ufeff]+|#[^\n]*)`,
    String.raw`<(?<iri>[^\s<>"{}|^\x60\\]+)>`,
    // A dot at the end of a name is the end of what is said of it.
    String.raw`(?<name>[\p{L}_~](?:[\p{L}\p{N}_.~-]*[\p{L}\p{N}_~-])?)`,
    "(?<number>0x[0-9a-f]+|[0-9]+)",
    String.raw`(?<mark>[:[\](){}@,.!])`,
  ].join("|"),
  "iuy",
);

/** The words and marks of a schema, with the lines that they stand on. */
export function schemaTokens(text: string, file: string): SchemaToken[] {
  const tokens: SchemaToken[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) {
      const character = String.fromCodePoint(text.codePointAt(at)!);
      throw schemaFault(file, line, `${JSON.stringify(character)} is no part of a schema`);
    }
    for (const kind of ["iri", "name", "number", "mark"] as const) {
      if (groups[kind] !== undefined) tokens.push({ kind, text: groups[kind], line });
    }
    line += (groups.blank ?? "").split("\n").length - 1;
    at = pattern.lastIndex;
  }
  tokens.push({ kind: "end", text: "the end of the file", line });
  return tokens;
}

export function schemaFault(file: string, line: number, what: string): PlimsollError {
  return new PlimsollError("SCHEMA_INVALID", { file, line, what });
}
