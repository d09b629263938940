const tagStart = /[A-Za-z/!?]/;
const reference = /[#A-Za-z0-9]{1,32};/y;

/** HTML without its tags and references to characters, by the rule of kernels/markup.ts. */
export function withoutMarkup(html: string): string {
  const marks = /[<&]/g;
  const stretches: string[] = [];
  let from = 0;
  let mayEnd = true;
  for (let mark = marks.exec(html); mark !== null; mark = marks.exec(html)) {
    const next = mark.index + 1;
    let past = -1;
    if (mark[0] === "&") {
      reference.lastIndex = next;
      if (reference.test(html)) past = reference.lastIndex;
    } else if (mayEnd && tagStart.test(html.charAt(next))) {
      past = html.indexOf(">", next) + 1 || -1;
      mayEnd = past !== -1;
    }
    if (past === -1) continue;
    stretches.push(html.slice(from, mark.index));
    from = past;
    marks.lastIndex = past;
  }
  return [...stretches, html.slice(from)].join(" ");
}
