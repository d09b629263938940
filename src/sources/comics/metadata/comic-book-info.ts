import type { ComicMetadata, Credit } from "./comic-metadata.js";
import {
  compact,
  count,
  day,
  filled,
  instant,
  isObject,
  issue,
  language,
  month,
  name,
  names,
  text,
  unscaledRating,
  year,
} from "./values.js";

/**
 * ComicBookInfo: JSON in a file of its own or in the comment of the archive; null when it is something else.
 */
export function readComicBookInfo(document: unknown): ComicMetadata | null {
  if (!isObject(document)) return null;
  const key = Object.keys(document).find((candidate) => /^ComicBookInfo\//i.test(candidate));
  const info = key === undefined ? undefined : document[key];
  if (!isObject(info)) return null;
  return compact({
    series: name(info.series),
    title: name(info.title),
    stories: names(typeof info.title === "string" ? info.title : undefined, ";"),
    publisher: name(info.publisher),
    year: year(info.publicationYear),
    month: month(info.publicationMonth),
    day: day(info.publicationDay),
    issue: issue(info.issue),
    issueCount: count(info.numberOfIssues),
    volume: count(info.volume),
    volumeCount: count(info.numberOfVolumes),
    communityRating: unscaledRating(info.rating),
    genres: names(info.genre),
    language: language(info.language),
    country: name(info.country),
    summary: text(info.comments),
    tags: names(info.tags),
    pageCount: count(info.pages),
    credits: credits(info.credits),
    tagger: name(document.appID),
    modified: instant(document.lastModified),
  });
}

function credits(value: unknown): Credit[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return filled(
    value.map((credit: unknown) => {
      if (!isObject(credit)) return undefined;
      const person = name(credit.person);
      return person === undefined ? undefined : { person, role: name(credit.role) ?? "" };
    }),
  );
}
