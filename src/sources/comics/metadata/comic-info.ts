import type { ComicMetadata, Credit, Reprint, StoryArc } from "./comic-metadata.js";
import { identifierOfUrl, identifiersOfText, tradeNumber, uniqueIdentifiers } from "./identifiers.js";
import {
  compact,
  count,
  day,
  decimal,
  filled,
  flag,
  integer,
  issue,
  language,
  mangaDirection,
  month,
  name,
  names,
  rating,
  text,
  year,
} from "./values.js";
import { childText, items, type XmlElement } from "./xml-tree.js";

const roles = [
  ["writer", "Writer"],
  ["penciller", "Penciller"],
  ["inker", "Inker"],
  ["colorist", "Colorist"],
  ["letterer", "Letterer"],
  ["coverartist", "Cover Artist"],
  ["editor", "Editor"],
  ["translator", "Translator"],
] as const;

/** ComicInfo.xml, version 2.1 and before: lists are texts with commas. */
export function readComicInfo(root: XmlElement): ComicMetadata {
  const of = (tag: string) => childText(root, tag);
  const characters = names(of("characters"));
  const teams = names(of("teams"));
  return compact({
    title: name(of("title")),
    series: name(of("series")),
    issue: issue(of("number")),
    issueCount: count(of("count")),
    volume: count(of("volume")),
    summary: text(of("summary")),
    notes: text(of("notes")),
    review: text(of("review")),
    year: year(of("year")),
    month: month(of("month")),
    day: day(of("day")),
    publisher: name(of("publisher")),
    imprint: name(of("imprint")),
    genres: names(of("genre")),
    tags: names(of("tags")),
    pageCount: count(of("pagecount")),
    language: language(of("languageiso")),
    originalFormat: name(of("format")),
    monochrome: flag(of("blackandwhite")),
    readingDirection: mangaDirection(of("manga")),
    characters,
    teams,
    locations: names(of("locations")),
    scanInfo: name(of("scaninformation")),
    storyArcs: storyArcs(of("storyarc"), of("storyarcnumber")),
    seriesGroups: names(of("seriesgroup")),
    stories: names(of("title"), ";"),
    ageRating: name(of("agerating")),
    communityRating: rating(of("communityrating")),
    credits: credits(of),
    identifiers: uniqueIdentifiers([
      ...(names(of("web"), /\s+/) ?? []).map(identifierOfUrl),
      tradeNumber(of("gtin")),
      ...[of("gtin"), of("notes"), of("tags")].flatMap(identifiersOfText),
    ]),
    reprints: reprints(of),
    tagger: taggerOfNotes(of("notes")),
    cover: coverOf(root),
    ...mainOf(name(of("maincharacterorteam")), teams ?? []),
  });
}

/** Arcs and their numbers are two lists side by side. */
export function storyArcs(arcs: unknown, numbers: unknown): StoryArc[] | undefined {
  const places = typeof numbers === "string" ? numbers.split(",") : [];
  const parts = typeof arcs === "string" ? arcs.split(",") : [];
  const found = new Map<string, StoryArc>();
  for (const [at, part] of parts.entries()) {
    const arc = name(part);
    if (arc !== undefined) found.set(arc, { name: arc, number: decimal(places[at]) ?? null });
  }
  return found.size === 0 ? undefined : [...found.values()];
}

function credits(of: (tag: string) => string | undefined): Credit[] | undefined {
  const found = roles.flatMap(([tag, role]) => (names(of(tag)) ?? []).map((person) => ({ person, role })));
  return found.length === 0 ? undefined : found;
}

function reprints(of: (tag: string) => string | undefined): Reprint[] | undefined {
  const series = name(of("alternateseries"));
  if (series === undefined) return undefined;
  return filled([{ series, volume: null, issue: name(of("alternatenumber")) ?? "", language: "" }]);
}

function taggerOfNotes(notes: unknown): string | undefined {
  return /^(?:Tagged|Scraped metadata) (?:with|by) (\S+(?: v?\d[\w.-]*)?)/i
    .exec(text(notes) ?? "")?.[1]
    ?.replace(/\.$/, "");
}

function mainOf(main: string | undefined, teams: readonly string[]) {
  if (main === undefined) return {};
  return teams.includes(main) ? { mainTeam: main } : { mainCharacter: main };
}

/** The page that is said to be the front cover, by its position. */
function coverOf(root: XmlElement): number | undefined {
  const page = items(root, "pages", "page").find(({ attributes }) => attributes.type === "FrontCover");
  const at = integer(page?.attributes.image);
  return at !== undefined && at >= 0 ? at : undefined;
}
