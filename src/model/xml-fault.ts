/** Says in words what a row lacks: XML_REASON_... of kernels/xml-value.ts in order. */
const reasonTexts = [
  "nothing is wrong",
  "a row was expected: <row, attributes and />, all on one line",
  "white space and an attribute, or /> at the end of the row, was expected",
  "an equals sign was expected behind the name of an attribute",
  "a value in quotes was expected",
  "a value ends with its quote, on its line, and holds no < and no control character as it is",
  "an & begins &lt; &gt; &amp; &quot; &apos; or the number of a character that exists, with a semicolon",
  "this attribute comes a second time",
  "a row has at most 128 attributes",
  "nothing may follow the end of the row",
] as const;

/** As in "unexpected byte 0x22 at byte 17: a value in quotes was expected". */
export function formatXmlFault(row: Uint8Array, offset: number, reason: number): string {
  const text = reasonTexts[reason] ?? `reason ${reason}`;
  const byte = row[offset];
  if (byte === undefined) return `unexpected end at byte ${offset}: ${text}`;
  return `unexpected byte 0x${byte.toString(16).padStart(2, "0")} at byte ${offset}: ${text}`;
}
