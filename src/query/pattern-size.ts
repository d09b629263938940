/**
 * About how many instructions a pattern becomes, told from its text before it is compiled: what is repeated a
 * thousand times is compiled a thousand times. Never much less than that.
 */
export function patternSize(source: string): number {
  const open: number[] = [];
  let total = 0;
  let atom = 0;
  for (let at = 0; at < source.length; ) {
    const char = source[at]!;
    const repeat = /^\{(\d*),?(\d*)\}/.exec(source.slice(at, at + repeatCharsMax));
    if (char === "(") {
      open.push(total);
      total = 0;
      atom = 0;
      at++;
    } else if (char === ")") {
      atom = total + 2;
      total = (open.pop() ?? 0) + atom;
      at++;
    } else if (repeat !== null) {
      const times = Math.max(1, Number(repeat[1]), Number(repeat[2]));
      total += atom * (times - 1);
      atom *= times;
      at += repeat[0].length;
    } else {
      const end = atomEnd(source, at);
      atom = source.startsWith("\\Q", at) ? end - at : 1;
      total += atom;
      at = end;
    }
  }
  return open.reduce((sum, outer) => sum + outer, total);
}

/** A repeat has two numbers of four digits at most. */
const repeatCharsMax = 12;

/** Where the atom that begins at `at` ends: an escape, a class or a character. */
function atomEnd(source: string, at: number): number {
  if (source.startsWith("\\Q", at)) {
    const end = source.indexOf("\\E", at);
    return end < 0 ? source.length : end + 2;
  }
  if (source[at] === "\\") return at + 2;
  if (source[at] !== "[") return at + 1;
  // A bracket right at the start of a class is one of its characters.
  let end = at + 1;
  if (source[end] === "^") end++;
  if (source[end] === "]") end++;
  while (end < source.length && source[end] !== "]") {
    if (source.startsWith("[:", end) && source.indexOf(":]", end) > 0) end = source.indexOf(":]", end) + 2;
    else end += source[end] === "\\" ? 2 : 1;
  }
  return end + 1;
}
