/** Says in words what a statement lacks: QUAD_REASON_... of kernels/quad-terms.ts in order. */
const reasonTexts = [
  "nothing is wrong",
  "an IRI in angle brackets or a blank node was expected",
  "an IRI in angle brackets was expected",
  "an IRI in angle brackets, a blank node or a literal in double quotes was expected",
  "an IRI must not hold this character, and it must end with a closing angle bracket",
  "an IRI must be absolute: it begins with a scheme and a colon (in Dgraph's dialect it must not be empty)",
  "no such escape exists here",
  "an escape needs four hexadecimal digits behind \\u, or eight behind \\U, of a character that exists",
  "the label of a blank node was expected",
  "a literal must end, with a double quote, on the line where it begins",
  "a language tag was expected",
  "a full stop was expected",
  "nothing but a comment may follow the full stop",
  "a triple has no graph: the source is read as N-Triples",
  "there is no room for it",
  "a facet is a key, an equals sign and a value",
  "the value of a facet is a text in double quotes, a number, true, false or a date",
  "a statement has at most 32 facets, each with a key of its own",
  "a comma or a closing parenthesis was expected behind a facet",
] as const;

/** As in "unexpected byte 0x22 at byte 17: an IRI in angle brackets was expected". */
export function formatQuadFault(statement: Uint8Array, offset: number, reason: number): string {
  const text = reasonTexts[reason] ?? `reason ${reason}`;
  const byte = statement[offset];
  if (byte === undefined) return `unexpected end at byte ${offset}: ${text}`;
  return `unexpected byte 0x${byte.toString(16).padStart(2, "0")} at byte ${offset}: ${text}`;
}
