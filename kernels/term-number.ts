/**
 * Terms of numbers: 8 bytes that sort as the values do. Parsing is exact; what the fast exact paths
 * cannot decide goes to the host, whose Number() is correctly rounded.
 */

/** Number() of the ASCII text at [start, end). */
@external("load", "parseNumber")
declare function hostParseNumber(start: usize, end: usize): f64;

const signBit: u64 = 1 << 63;
const mantissaMax: u64 = 1 << 53;
const exactPowerMax: i32 = 22;
const quotientPowerMax: i32 = 19;

/** 10^0 to 10^22, all exact in an f64. */
const exactPowers = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  1e19, 1e20, 1e21, 1e22,
]);

/** The text at [start, end) is an integer literal; values beyond i64 saturate. */
export function integerTerm(start: usize, end: usize): u64 {
  return (<u64>parseInteger(start, end)) ^ signBit;
}

export function parseInteger(start: usize, end: usize): i64 {
  const negative = start < end && load<u8>(start) == 0x2d;
  if (negative) start++;
  while (start + 1 < end && load<u8>(start) == 0x30) start++;
  const limit: u64 = negative ? signBit : signBit - 1;
  if (end - start > 19) return negative ? i64.MIN_VALUE : i64.MAX_VALUE;
  let value: u64 = 0;
  for (let at = start; at < end; at++) value = value * 10 + <u64>(load<u8>(at) - 0x30);
  if (value > limit) value = limit;
  return negative ? <i64>(0 - value) : <i64>value;
}

/** The text at [start, end) is a JSON number. */
export function floatTerm(start: usize, end: usize): u64 {
  return sortableFloat(parseFloatExact(start, end));
}

/** Minus zero and zero are one value and have one term. */
export function sortableFloat(value: f64): u64 {
  if (value == 0) return signBit;
  const bits = reinterpret<u64>(value);
  return (bits & signBit) != 0 ? ~bits : bits | signBit;
}

export function parseFloatExact(start: usize, end: usize): f64 {
  let at = start;
  const negative = at < end && load<u8>(at) == 0x2d;
  if (negative) at++;
  let mantissa: u64 = 0;
  let digits = 0;
  let power = 0;
  let inFraction = false;
  for (; at < end; at++) {
    const byte = <u32>load<u8>(at);
    const digit = byte - 0x30;
    if (digit > 9) {
      if (byte != 0x2e) break;
      inFraction = true;
      continue;
    }
    if (inFraction) power--;
    if (digits > 0 || digit != 0) digits++;
    if (digits > 19) return hostParseNumber(start, end);
    mantissa = mantissa * 10 + digit;
  }
  if (at < end) {
    // An exponent: e or E, an optional sign, digits.
    at++;
    const sign = load<u8>(at);
    if (sign == 0x2d || sign == 0x2b) at++;
    let exponent = 0;
    for (; at < end && exponent < 100000; at++) exponent = exponent * 10 + (<i32>load<u8>(at) - 0x30);
    power += sign == 0x2d ? -exponent : exponent;
  }
  const value = scaleExact(mantissa, power);
  if (value != value) return hostParseNumber(start, end);
  return negative ? -value : value;
}

/** mantissa x 10^power correctly rounded, or NaN when neither exact path applies. */
function scaleExact(mantissa: u64, power: i32): f64 {
  if (mantissa == 0) return 0;
  if (power == 0) return <f64>mantissa;
  if (mantissa <= mantissaMax) {
    if (power < 0 && power >= -exactPowerMax) return <f64>mantissa / exactPower(-power);
    if (power > 0 && power <= exactPowerMax) return <f64>mantissa * exactPower(power);
  }
  if (power < 0 && power >= -quotientPowerMax) return quotientExact(mantissa, -power);
  return NaN;
}

@inline
function exactPower(power: i32): f64 {
  return load<f64>(exactPowers + (<usize>power << 3));
}

/** mantissa / 10^power by an exact 128 by 64 bit division, rounded half to even once. */
function quotientExact(mantissa: u64, power: i32): f64 {
  let divisor: u64 = 1;
  for (let i = 0; i < power; i++) divisor *= 10;
  const mantissaShift = clz(mantissa);
  const divisorShift = clz(divisor);
  const dividend = mantissa << mantissaShift;
  const quotient = divideWide(dividend >> 1, dividend << 63, divisor << divisorShift);
  const spare = 64 - clz(quotient) - 53;
  const half: u64 = (<u64>1) << (spare - 1);
  const rest = quotient & ((half << 1) - 1);
  let rounded = quotient >> spare;
  if (rest > half || (rest == half && (wideRemainder != 0 || (rounded & 1) != 0))) rounded++;
  const binaryPower = <i64>spare + <i64>divisorShift - <i64>mantissaShift - 63;
  return <f64>rounded * reinterpret<f64>(<u64>(binaryPower + 1023) << 52);
}

let wideRemainder: u64 = 0;

/** Knuth's algorithm D on 32-bit digits: high < divisor and the divisor's top bit is set. */
function divideWide(high: u64, low: u64, divisor: u64): u64 {
  const first = divideDigit(high, low >> 32, divisor);
  const second = divideDigit(wideRemainder, low & 0xffffffff, divisor);
  return (first << 32) | second;
}

function divideDigit(high: u64, digit: u64, divisor: u64): u64 {
  const divisorHigh = divisor >> 32;
  const divisorLow = divisor & 0xffffffff;
  let quotient = high / divisorHigh;
  let rest = high - quotient * divisorHigh;
  while (quotient > 0xffffffff || quotient * divisorLow > ((rest << 32) | digit)) {
    quotient--;
    rest += divisorHigh;
    if (rest > 0xffffffff) break;
  }
  wideRemainder = ((high << 32) | digit) - quotient * divisor;
  return quotient;
}
