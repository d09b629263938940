import type { ComicMetadata, Credit } from "./comic-metadata.js";
import { identifierOfUrl, identifiersOfText, tradeNumber, uniqueIdentifiers } from "./identifiers.js";
import { reprintOf } from "./metron-info.js";
import {
  compact,
  count,
  dateParts,
  filled,
  instant,
  issue,
  language,
  name,
  names,
  readingDirection,
  text,
  unique,
} from "./values.js";
import { all, childText, type XmlElement } from "./xml-tree.js";

const roles = [
  ["creator", "Creator"],
  ["writer", "Writer"],
  ["penciller", "Penciller"],
  ["editor", "Editor"],
  ["coverdesigner", "Cover Artist"],
  ["letterer", "Letterer"],
  ["inker", "Inker"],
  ["colorist", "Colorist"],
] as const;

/** CoMet.xml: lists are elements that are there more than once, though some programs write commas. */
export function readComet(root: XmlElement): ComicMetadata {
  const of = (tag: string) => childText(root, tag);
  const list = (tag: string) => unique(all(root, tag).flatMap((element) => names(element.text) ?? []));
  const credits: Credit[] = roles.flatMap(([tag, role]) =>
    (list(tag) ?? []).map((person) => ({ person, role })),
  );
  return compact({
    title: name(of("title")),
    stories: names(of("title"), ";"),
    series: name(of("series")),
    issue: issue(of("issue")),
    volume: count(of("volume")),
    publisher: name(of("publisher")),
    ...dateParts(of("date")),
    genres: list("genre"),
    characters: list("character"),
    summary: text(of("description")),
    reprints: filled(all(root, "isversionof").map((element) => reprintOf(name(element.text)))),
    language: language(of("language")),
    pageCount: count(of("pages")),
    ageRating: name(of("rating")),
    readingDirection: readingDirection(of("readingdirection")),
    cover: name(of("coverimage")),
    identifiers: uniqueIdentifiers(
      all(root, "identifier").flatMap(({ text }) => [
        identifierOfUrl(text) ?? tradeNumber(text),
        ...identifiersOfText(text),
      ]),
    ),
    originalFormat: name(of("format")),
    credits: credits.length === 0 ? undefined : credits,
    modified: instant(of("lastmark")),
  });
}
