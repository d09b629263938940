/** Says in words what the scanner found wrong: its REASON_... numbers (kernels/json-grammar.ts) in order. */
const reasonTexts = [
  "nothing is wrong",
  "a value was expected",
  "a member name in double quotes was expected",
  "a colon was expected",
  "a comma or a closing brace was expected",
  "a comma or a closing bracket was expected",
  "nothing but white space may follow the value",
  "a string must not hold a control character or lack its closing quote",
  "no such escape exists in a string",
  "an escape needs four hexadecimal digits",
  "a digit was expected",
  "true, false or null was expected",
  "the bytes are not valid UTF-8",
  "a record must be a JSON object",
  "the value is nested too deeply",
  "the record has too many values in mapped members",
] as const;

/** Reasons from this one on are about the whole value, not about one byte. */
const wholeValueReason = 13;

/** As in "unexpected byte 0x7d at byte 17: a value was expected". */
export function formatScanFault(record: Uint8Array, offset: number, reason: number): string {
  const text = reasonTexts[reason] ?? `reason ${reason}`;
  if (reason >= wholeValueReason) return `${text} (byte ${offset})`;
  const byte = record[offset];
  if (byte === undefined) return `unexpected end at byte ${offset}: ${text}`;
  return `unexpected byte 0x${byte.toString(16).padStart(2, "0")} at byte ${offset}: ${text}`;
}
