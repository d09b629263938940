import type { ComicMetadata, Credit, Identifier, Reprint, StoryArc, Universe } from "./comic-metadata.js";
import { identifier, identifierOfUrl, uniqueIdentifiers } from "./identifiers.js";
import {
  compact,
  count,
  dateParts,
  day,
  decimal,
  filled,
  flag,
  instant,
  integer,
  isObject,
  issue,
  language,
  mangaDirection,
  month,
  name,
  names,
  rating,
  readingDirection,
  text,
  unique,
  year,
} from "./values.js";

type Document = Record<string, unknown>;

/** comicbox.yaml and comicbox.json: objects by name where other forms have lists; null for something else. */
export function readComicbox(document: unknown): ComicMetadata | null {
  if (!isObject(document)) return null;
  const box = isObject(document.comicbox) ? document.comicbox : null;
  if (box === null) return null;
  const series = isObject(box.series) ? box.series : {};
  const volume = isObject(box.volume) ? box.volume : {};
  const date = isObject(box.date) ? box.date : {};
  const cover = dateParts(date.cover_date ?? box.date);
  return compact({
    publisher: name(box.publisher),
    imprint: name(box.imprint),
    series: name(box.series),
    volume: count(volume.number ?? volume.name ?? box.volume) ?? count(series.start_year),
    volumeCount: count(series.volume_count),
    issue: issueOf(box.issue),
    issueCount: count(volume.issue_count ?? box.issue_count),
    title: name(box.title),
    collectionTitle: name(box.collection_title),
    stories: names(box.stories),
    year: year(date.year) ?? cover.year,
    month: month(date.month) ?? cover.month,
    day: day(date.day) ?? cover.day,
    summary: text(box.summary),
    review: text(box.review),
    notes: text(box.notes),
    pageCount: count(box.page_count),
    cover: name(box.cover_image) ?? frontCover(box.pages),
    language: language(box.language),
    country: name(box.country),
    ageRating: name(box.age_rating),
    originalFormat: name(box.original_format),
    readingDirection: readingDirection(box.reading_direction) ?? mangaDirection(box.manga),
    monochrome: flag(box.monochrome),
    communityRating: rating(averageOf(box.community_rating) ?? box.critical_rating),
    scanInfo: name(box.scan_info),
    tagger: name(box.tagger),
    modified: instant(box.updated_at),
    mainCharacter: name(box.protagonist ?? box.main_character),
    mainTeam: name(box.main_team),
    characters: names(box.characters),
    teams: names(box.teams),
    locations: names(box.locations),
    genres: names(box.genres),
    tags: names(box.tags),
    seriesGroups: names(box.series_groups),
    storyArcs: storyArcs(box.arcs ?? box.story_arcs),
    credits: credits(box.credits),
    identifiers: identifiers(box),
    universes: universes(box.universes),
    reprints: reprints(box.reprints),
  });
}

/** The average of a rating, beside which stands how many gave one. */
function averageOf(value: unknown): unknown {
  return isObject(value) ? value.average_rating : value;
}

/** The page that is said to be the front cover, by its position. */
function frontCover(pages: unknown): number | undefined {
  if (!isObject(pages)) return undefined;
  const found = Object.entries(pages).find(([, page]) => isObject(page) && page.page_type === "FrontCover");
  return integer(found?.[0]);
}

function issueOf(value: unknown) {
  if (!isObject(value)) return issue(value);
  const number = decimal(value.number);
  if (number === undefined) return issue(value.name);
  return { number: Math.round(number * 100) / 100, suffix: name(value.suffix) ?? "" };
}

/** An object by name, a list of names, or a list of objects with a name. */
function named(value: unknown): [string, Document][] {
  const pairs: [unknown, unknown][] = isObject(value)
    ? Object.entries(value)
    : Array.isArray(value)
      ? value.map((item: unknown) => [item, item])
      : [];
  return pairs.flatMap(([key, item]) => {
    const found = name(key);
    return found === undefined ? [] : [[found, isObject(item) ? item : {}]];
  });
}

function storyArcs(value: unknown): StoryArc[] | undefined {
  return filled(named(value).map(([arc, item]) => ({ name: arc, number: decimal(item.number) ?? null })));
}

function credits(value: unknown): Credit[] | undefined {
  const found = named(value).flatMap(([person, { roles }]) =>
    (unique(named(roles).map(([role]) => role)) ?? names(roles) ?? [""]).map((role) => ({ person, role })),
  );
  return found.length === 0 ? undefined : found;
}

function universes(value: unknown): Universe[] | undefined {
  return filled(
    named(value).map(([universe, { designation }]) => ({
      name: universe,
      designation: name(designation) ?? "",
    })),
  );
}

function identifiers(box: Document): Identifier[] | undefined {
  const found = named(box.identifiers).map(([source, item]) => {
    const one = identifier(source, item.key ?? item.nss, name(item.id_type) ?? "issue");
    return one && { ...one, url: text(item.url) ?? null };
  });
  const urls = Array.isArray(box.urls) ? box.urls.map(identifierOfUrl) : [];
  return uniqueIdentifiers([...found, ...urls]);
}

function reprints(value: unknown): Reprint[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return filled(
    value.map((item: unknown) => {
      if (!isObject(item)) return undefined;
      const series = name(item.series) ?? name(isObject(item.series) ? item.series.sort_name : undefined);
      if (series === undefined) return undefined;
      const volume = integer(isObject(item.volume) ? item.volume.number : item.volume) ?? null;
      const printed = isObject(item.issue) ? item.issue.name : item.issue;
      return { series, volume, issue: name(printed) ?? "", language: language(item.language) ?? "" };
    }),
  );
}
