/** What the field says by which a mapping marks deletions (docs/adr/0018-deletions.md). */
import { FLAG_TRUE, TYPE_BOOL } from "./json-grammar";
import { Value } from "./program";

/** "1", "yes" and "true", as little-endian numbers. */
const ONE: u64 = 0x31;
const YES: u64 = 0x73_6579;
const TRUE: u64 = 0x6575_7274;

/** Whether a value is true: as JSON has it, or as tables write it, in whatever case. */
export function isTrue(value: Value): bool {
  if (<u32>value.type == TYPE_BOOL) return (<u32>value.flags & FLAG_TRUE) != 0;
  const bytes = value.end - value.start;
  if (bytes == 0 || bytes > 4) return false;
  const mask = (<u64>1 << (<u64>bytes << 3)) - 1;
  const word = <u64>load<u32>(value.start) & mask;
  const lower = word | (0x2020_2020 & mask);
  return word == ONE || lower == YES || lower == TRUE;
}
