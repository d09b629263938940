/** Points in time as text, ISO 8601 in UTC with milliseconds: 2006-01-02T15:04:05.678Z. */

const textBytes: usize = 24;
const dayMs: i64 = 86400000;

/** The text of midnight of the day that was written last. */
const dayText = memory.data(32, 16);
let dayAt: i64 = i64.MIN_VALUE;

/**
 * Writes a point in time of the years 0 to 9999, and up to 8 bytes behind it; the position behind the text.
 */
export function dateTextWrite(ms: i64, to: usize): usize {
  let day = ms / dayMs;
  if (day * dayMs > ms) day--;
  if (day != dayAt) dayOpen(day);
  v128.store(to, v128.load(dayText));
  v128.store(to, v128.load(dayText, 16), 16);
  const time = <u32>(ms - day * dayMs);
  if (time == 0) return to + textBytes;
  pairWrite(to + 11, time / 3600000);
  pairWrite(to + 14, (time / 60000) % 60);
  pairWrite(to + 17, (time / 1000) % 60);
  pairWrite(to + 20, (time % 1000) / 10);
  store<u8>(to, 0x30 + (time % 10), 22);
  return to + textBytes;
}

/**
 * The calendar date of a number of days since 1970: years are counted from March, so that leap days end them,
 * in eras of 400 years.
 */
function dayOpen(day: i64): void {
  dayAt = day;
  const days = <u32>(day + 719468);
  const era = days / 146097;
  const dayOfEra = days % 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const marchMonth = (5 * dayOfYear + 2) / 153;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  memory.fill(dayText, 0x30, textBytes);
  pairWrite(dayText, year / 100);
  pairWrite(dayText + 2, year % 100);
  store<u8>(dayText, 0x2d, 4);
  pairWrite(dayText + 5, month);
  store<u8>(dayText, 0x2d, 7);
  pairWrite(dayText + 8, dayOfYear - (153 * marchMonth + 2) / 5 + 1);
  store<u8>(dayText, 0x54, 10);
  store<u8>(dayText, 0x3a, 13);
  store<u8>(dayText, 0x3a, 16);
  store<u8>(dayText, 0x2e, 19);
  store<u8>(dayText, 0x5a, 23);
}

/** Two digits. */
@inline
function pairWrite(to: usize, value: u32): void {
  store<u8>(to, 0x30 + value / 10);
  store<u8>(to, 0x30 + (value % 10), 1);
}
