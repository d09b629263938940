import type { ComicMetadata } from "./comic-metadata.js";
import { compact, count, dateParts, issue, month, name, year } from "./values.js";

const formats: readonly [RegExp, string][] = [
  [/^(?:trade ?paper ?back|tpb)$/i, "Trade Paperback"],
  [/^(?:graphic novel|gn)$/i, "Graphic Novel"],
  [/^(?:hard ?cover|hc)$/i, "Hard Cover"],
  [/^annual$/i, "Annual"],
  [/^(?:one[- ]?shot)$/i, "One Shot"],
  [/^omnibus$/i, "Omnibus"],
  [/^(?:f\.?c\.?b\.?d\.?|free comic book day)$/i, "FCBD"],
  [/^(?:digital|digital[- ]hd|hybrid|web-?rip|web-?dl|scan|c2c|noads|fixed|f\d?)$/i, ""],
];

/** How a number follows a series: `#012.5`, `12AU`, `-1`, `½`, with letters only right behind it. */
const numberText = String.raw`-?(?:\d+(?:\.\d+)?|\.\d+)[½¼¾]?(?:\.?[A-Za-z]{1,4}(?![A-Za-z]))?|½`;
const withHash = new RegExp(String.raw`[\s-]#\s*(${numberText}|[A-Za-z]{1,4}\d+)`, "u");
const issueWord = new RegExp(
  String.raw`\b(?:issue|no|chapter|ch|c)\.?\s*(?=[\d.-])(${numberText})(?=$|\s)`,
  "iu",
);
const bare = new RegExp(String.raw`\s(${numberText})(?=\s*(?:$|-\s|\())`, "u");
/** With zeros in front it is an issue's number wherever it stands. */
const padded = /\s(0\d+(?:\.\d+)?)(?=\s)/u;
/** A year that stands bare behind a number. */
/** A day that stands bare; in two orders, of which only one can be. */
const bareDay = /\s((?:19|20)\d\d-\d\d-\d\d)(?=$|\s)/;
const bareDayBehind = /\s(\d\d-\d\d-(?:19|20)\d\d)(?=$|\s)/;
/** How a scan was made, in words behind the number. */
const scanWord = /\s(c2c|noads)\s*$/i;
const bareYear = /(?<=\s#?\d[\w.]*)\s+((?:19[3-9]|20\d)\d)\s*$/;
const volumeText = new RegExp(
  String.raw`(?:^|\s|-(?=v\d+-#))(?:v|vol\.?|volume|book)\s*(\d{1,4})(?:\s*-\s*\d{1,4})?(?=$|\s|#|-#)` +
    String.raw`|(?:^|\s)t(?:ome)?\.?\s?(\d{2,3})(?=$|\s)`,
  "i",
);

/**
 * What a file is called, by the conventions of those who name them:
 * `Series v2 #012.5 (of 6) (2014) (Digital) (Group).cbz`, `Publisher - Series 012 - Title (2014-03).cbz` and
 * their kin. A name that follows none is the series.
 */
export function readFileName(fileName: string): ComicMetadata {
  let rest = fileName.replace(/\.(cb[zt7r]|zip|tar)$/i, "");
  if (!/\s/.test(rest)) rest = rest.replace(/_/g, " ");
  if (!/\s/.test(rest)) rest = rest.replace(/\.(?=\D|\d+(?:\.|$))/g, " ");
  rest = rest.replace(/_/g, " ");
  const notes = bracketed(rest);
  const volume = take(notes.rest, volumeText);
  const day = takeDay(volume.rest);
  const ofYear = take(day.rest, bareYear);
  const of = take(ofYear.rest, /(?<=\d)\s+of\s+(\d{1,4})(?=$|\s)/i);
  const scan = take(of.rest, scanWord);
  const number = numberIn(scan.rest, notes.year);
  // Behind the number, or behind a volume that has none: `Series v1 - Title`.
  const isVolume = number.found === null && volume.found !== null && /^\s*[-–—:]/.test(volume.after);
  const { before, after } = isVolume ? volume : number;
  const { series, title } = titled(before, after);
  const found = issue(number.found?.replace(/^-?0+(?=\d)/, (zeros) => (zeros.startsWith("-") ? "-" : "")));
  return compact({
    series,
    title,
    stories: title === undefined ? undefined : [title],
    volume: count(volume.found) ?? notes.firstYear,
    issue: found,
    issueCount: notes.issueCount ?? count(of.found),
    ...(notes.year === undefined ? (day.date ?? compact({ year: year(ofYear.found) })) : datedBy(notes)),
    originalFormat: notes.format,
    publisher: notes.publisher,
    scanInfo: notes.scanInfo ?? name(scan.found),
  });
}

function datedBy({ year, month }: Notes) {
  return compact({ year, month });
}

/** A number that is the year in the brackets behind it is a part of the series (`Day 2021 (2021)`). */
function numberIn(written: string, yearTold: number | undefined) {
  const number = firstOf(written, [withHash, issueWord, bare, padded]);
  const isYear = yearTold !== undefined && number.found === String(yearTold) && !/#\s*$/.test(number.before);
  return isYear ? { found: null, before: written, after: "" } : number;
}

/** `2001-02-24` and `02-24-2001` without brackets. */
function takeDay(written: string): Taken & { date?: ReturnType<typeof dateParts> } {
  const first = take(written, bareDay);
  if (first.found !== null) return { ...first, date: dateParts(first.found) };
  const behind = take(written, bareDayBehind);
  const [month, day, year] = behind.found?.split("-") ?? [];
  return behind.found === null ? behind : { ...behind, date: dateParts(`${year}-${month}-${day}`) };
}

interface Notes {
  rest: string;
  year?: number | undefined;
  /** Of two years in brackets the one before the number, which is how a volume is told. */
  firstYear?: number | undefined;
  month?: number | undefined;
  issueCount?: number | undefined;
  format?: string | undefined;
  publisher?: string | undefined;
  scanInfo?: string | undefined;
}

const publisherNames =
  "marvel|dc|image|dark horse|idw|boom!?|dynamite|valiant|vertigo|viz|kodansha|oni|archie|titan|avatar|" +
  "fantagraphics|top cow|wildstorm|2000 ?ad|rebellion|europe|humanoids";
const publishers = new RegExp(`^(?:${publisherNames})(?: comics| studios| publishing| press| media)?$`, "i");

/** What stands in brackets says its kind: a year, a count, a format, a publisher, last who scanned it. */
function bracketed(written: string): Notes {
  const notes: Notes = { rest: "" };
  const others: string[] = [];
  notes.rest = written.replace(
    /\(([^()]*)(?:\)|(?=\()|$)|\[([^[\]]*)\]|\{([^{}]*)\}/g,
    (_all, round, square, curly) => {
      const note = String(round ?? square ?? curly).trim();
      const of = /^(?:\d+\s+)?of\s+(\d+)$/i.exec(note);
      const date =
        /^(?:(\d{4})(?:[-.](\d{1,2}))?(?:[-.]\d{1,2})?|(\w{3,9})\.?,? (\d{4}))(?:\s*-\s*\d{4})?$/.exec(note);
      const format = formats.find(([pattern]) => pattern.test(note));
      if (of !== null) notes.issueCount ??= count(of[1]);
      else if (date !== null && year(date[1] ?? date[4]) !== undefined) {
        noteDate(notes, year(date[1] ?? date[4]), month(date[2] ?? date[3]));
      } else if (format !== undefined) notes.format ??= format[1] || undefined;
      else if (publishers.test(note)) notes.publisher ??= name(note);
      else if (/^#\S+$/.test(note)) return ` ${note} `;
      else if (note !== "") others.push(note);
      return " ";
    },
  );
  notes.scanInfo = name(others.at(-1));
  return notes;
}

/** The first date counts; of two plain years the one in front is a volume's. */
function noteDate(notes: Notes, yearTold: number | undefined, monthTold: number | undefined): void {
  if (notes.year !== undefined) {
    if (notes.month !== undefined || notes.firstYear !== undefined) return;
    notes.firstYear = notes.year;
  }
  notes.year = yearTold;
  notes.month = monthTold;
}

interface Taken {
  rest: string;
  before: string;
  after: string;
  found: string | null;
}

/** A part of a name, and the name without it; a name is never all taken away. */
function take(written: string, pattern: RegExp): Taken {
  const found = pattern.exec(written);
  if (found === null || found[0].trim() === written.trim()) {
    return { rest: written, before: written, after: "", found: null };
  }
  const before = written.slice(0, found.index);
  const after = written.slice(found.index + found[0].length);
  return { rest: `${before} ${after}`, before, after, found: found[1] ?? found[2] ?? null };
}

function firstOf(written: string, patterns: readonly RegExp[]) {
  for (const pattern of patterns) {
    const found = pattern === bare ? lastMatch(written, bare) : pattern.exec(written);
    if (found === null || written.slice(0, found.index).trim() === "") continue;
    const before = written.slice(0, found.index);
    return { found: found[1]!, before, after: written.slice(found.index + found[0].length) };
  }
  return { found: null, before: written, after: "" };
}

/** The last number is the issue: others belong to the series (`Fables 1001 Nights 003`). */
function lastMatch(written: string, pattern: RegExp): RegExpExecArray | null {
  let last: RegExpExecArray | null = null;
  const every = new RegExp(pattern.source, "gu");
  for (let found = every.exec(written); found !== null; found = every.exec(written)) {
    last = found;
    every.lastIndex = found.index + 1;
  }
  return last;
}

/** A title follows the number, or the series behind a dash when there is no number. */
function titled(before: string, after: string) {
  const tidy = (part: string) => name(part.replace(/^[\s\-–—,:]+|[\s\-–—,#]+$/g, ""));
  const title = tidy(after);
  return { series: tidy(before) ?? tidy(after), title: tidy(before) === undefined ? undefined : title };
}
