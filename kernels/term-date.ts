/** Dates: ISO 8601 calendar dates and date-times as milliseconds since 1970, UTC unless a zone is given. */

let cursor: usize = 0;
let failed: bool = false;

/** False after `parseDate` when the text is not a date. */
export function dateIsValid(): bool {
  return !failed;
}

/**
 * YYYY-MM-DD, then optionally T or a space, HH:MM, optionally :SS and a fraction, optionally Z or an offset.
 */
export function parseDate(start: usize, end: usize): i64 {
  failed = true;
  if (end - start < 10) return 0;
  failed = false;
  cursor = start;
  const year = digits(4);
  punctuation(0x2d);
  const month = digits(2);
  punctuation(0x2d);
  const day = digits(2);
  if (month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) failed = true;
  let milliseconds = daysFromCivil(year, month, day) * 86400000;
  if (cursor < end && !failed) milliseconds += parseTime(end);
  return milliseconds;
}

function parseTime(end: usize): i64 {
  const separator = load<u8>(cursor);
  if (separator != 0x54 && separator != 0x74 && separator != 0x20) failed = true;
  cursor++;
  if (cursor + 5 > end) failed = true;
  if (failed) return 0;
  const hour = digits(2);
  punctuation(0x3a);
  const minute = digits(2);
  let second: i64 = 0;
  let fraction: i64 = 0;
  if (cursor + 3 <= end && load<u8>(cursor) == 0x3a) {
    cursor++;
    second = digits(2);
    if (cursor < end && (load<u8>(cursor) == 0x2e || load<u8>(cursor) == 0x2c)) fraction = parseFraction(end);
  }
  const isEndOfDay = hour == 24 && minute == 0 && second == 0 && fraction == 0;
  if ((hour > 23 && !isEndOfDay) || minute > 59 || second > 59) failed = true;
  const offset = cursor < end && !failed ? parseZone(end) : 0;
  return ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}

/** Milliseconds of a fraction; finer digits are dropped, as Date.parse drops them. */
function parseFraction(end: usize): i64 {
  cursor++;
  let scale: i64 = 100;
  let fraction: i64 = 0;
  const first = cursor;
  while (cursor < end) {
    const digit = <u32>load<u8>(cursor) - 0x30;
    if (digit > 9) break;
    fraction += scale * <i64>digit;
    scale /= 10;
    cursor++;
  }
  if (cursor == first) failed = true;
  return fraction;
}

/** Minutes east of UTC: Z, +hh:mm or +hhmm. */
function parseZone(end: usize): i64 {
  const sign = load<u8>(cursor);
  cursor++;
  if (sign == 0x5a || sign == 0x7a) {
    if (cursor != end) failed = true;
    return 0;
  }
  if (sign != 0x2b && sign != 0x2d) failed = true;
  const length = end - cursor;
  if (failed || (length != 5 && length != 4)) {
    failed = true;
    return 0;
  }
  const hours = digits(2);
  if (length == 5) punctuation(0x3a);
  const minutes = digits(2);
  if (hours > 23 || minutes > 59) failed = true;
  const offset = hours * 60 + minutes;
  return sign == 0x2d ? -offset : offset;
}

function digits(count: i32): i64 {
  let value: i64 = 0;
  for (let i = 0; i < count; i++) {
    const digit = <u32>load<u8>(cursor + i) - 0x30;
    if (digit > 9) failed = true;
    value = value * 10 + <i64>digit;
  }
  cursor += count;
  return value;
}

function punctuation(byte: u8): void {
  if (load<u8>(cursor) != byte) failed = true;
  cursor++;
}

function monthDays(year: i64, month: i64): i64 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/**
 * Days since 1970-01-01 of a proleptic Gregorian date: years are counted from March so that leap days end
 * them.
 */
function daysFromCivil(year: i64, month: i64, day: i64): i64 {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400;
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
