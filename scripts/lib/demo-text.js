// How the demo writes: within the width of the terminal, plain in a pipe.

const isTerminal = process.stdout.isTTY === true;
const isColored = isTerminal && process.env.NO_COLOR === undefined;
/** In a pipe nothing has to fit, but a result is still shortened. */
const pipeColumns = 100;
const columnsMin = 40;

function columns() {
  return isTerminal ? Math.max(columnsMin, (process.stdout.columns ?? 80) - 1) : pipeColumns;
}

const painted = (code) => (text) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
export const paint = { bold: painted(1), dim: painted(2) };

/** A command as one types it, broken between words where it is wider than the terminal. */
export function commandLines(words) {
  const lines = [];
  let current = "  $";
  for (const word of withValues(words.map(quoted))) {
    if (current.length + word.length + 3 > columns() && current.trim() !== "$") {
      lines.push(`${current} \\`);
      current = "     ";
    }
    current += ` ${word}`;
  }
  return [...lines, current];
}

/** An option and its value stay on one line. */
function withValues(words) {
  return words.flatMap((word, at) => {
    if (at > 0 && words[at - 1].startsWith("--")) return [];
    return word.startsWith("--") && at + 1 < words.length ? [`${word} ${words[at + 1]}`] : [word];
  });
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}

/** Characters that are shown before the first word that was searched for. */
const wordsBefore = 16;

/** One event in one line: when, who, and what from the words that were searched for on, as far as it fits. */
export function eventLine({ created_at: seconds, pubkey, content }, search = "") {
  const time = new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  const text = content.replaceAll(/\s+/g, " ");
  const places = search.split(" ").map((word) => text.toLowerCase().indexOf(word));
  const start = search === "" ? 0 : text.lastIndexOf(" ", Math.max(0, Math.min(...places) - wordsBefore)) + 1;
  return `${time}  ${pubkey.slice(0, 8)}  ${start > 0 ? "…" : ""}${text.slice(start)}`;
}

/** The text, cut to the width of the terminal; letters of two columns count as two. */
export function atMostColumns(text) {
  let used = 0;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += isWide(segment) ? 2 : 1;
    if (used > columns() - 1) return `${cut.trimEnd()}…`;
    cut += segment;
  }
  return cut;
}

function isWide(segment) {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(
    segment,
  );
}

export function sizeText(bytes) {
  const [unit, name] = bytes >= 2 ** 20 ? [2 ** 20, "MiB"] : [2 ** 10, "KiB"];
  const value = bytes / unit;
  return `${value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${name}`;
}

const intervalMs = 200;

/** Says that something is being done: how far it is on a terminal, one line in a pipe. */
export function wait(text, fraction) {
  if (!isTerminal) {
    process.stdout.write(`${text} ...\n`);
    return { end: () => {} };
  }
  const show = () => process.stdout.write(`\r${text} ... ${Math.floor(fraction() * 100)}%\u001b[K`);
  show();
  const timer = setInterval(show, intervalMs);
  return {
    end: () => {
      clearInterval(timer);
      process.stdout.write("\r\u001b[K");
    },
  };
}
