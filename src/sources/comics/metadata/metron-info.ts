import type { ComicMetadata, Credit, StoryArc, Universe } from "./comic-metadata.js";
import { identifier, identifierOfUrl, tradeNumber, uniqueIdentifiers } from "./identifiers.js";
import {
  compact,
  count,
  dateParts,
  decimal,
  filled,
  instant,
  integer,
  issue,
  language,
  name,
  rating,
  text,
  unique,
} from "./values.js";
import { all, child, childText, items, type XmlElement } from "./xml-tree.js";

/** MetronInfo.xml, version 1: lists are elements, and most have numbers of the site beside their names. */
export function readMetronInfo(root: XmlElement): ComicMetadata {
  const of = (tag: string) => childText(root, tag);
  const series = child(root, "series");
  const publisher = child(root, "publisher");
  const date = dateParts(of("coverdate"));
  const list = (tag: string, item: string) => unique(items(root, tag, item).map(nameOf));
  return compact({
    publisher: nameOf(publisher),
    imprint: name(childText(publisher, "imprint")),
    series: name(childText(series, "name")),
    volume: count(childText(series, "volume")) ?? count(childText(series, "startyear")),
    issueCount: count(childText(series, "issuecount")),
    volumeCount: count(childText(series, "volumecount")),
    originalFormat: name(childText(series, "format")),
    language: language(series?.attributes.lang),
    collectionTitle: name(of("collectiontitle")),
    issue: issue(of("number")),
    stories: list("stories", "story"),
    summary: text(of("summary")),
    ...(date.year === undefined ? dateParts(of("storedate")) : date),
    pageCount: count(of("pagecount")),
    notes: text(of("notes")),
    genres: list("genres", "genre"),
    tags: list("tags", "tag"),
    storyArcs: storyArcs(root),
    characters: list("characters", "character"),
    teams: list("teams", "team"),
    locations: list("locations", "location"),
    universes: universes(root),
    reprints: filled(
      items(root, "reprints", "reprint").map((element) => reprintOf(name(element.text) ?? nameOf(element))),
    ),
    ageRating: name(of("agerating")),
    communityRating: rating(
      childText(child(root, "communityrating"), "averagerating") ?? of("communityrating"),
    ),
    credits: credits(root),
    identifiers: identifiers(root),
    modified: instant(of("lastmodified")),
  });
}

/** Names are text, or in a child called so beside others. */
function nameOf(element: XmlElement | undefined): string | undefined {
  return name(childText(element, "name") ?? element?.text);
}

function storyArcs(root: XmlElement): StoryArc[] | undefined {
  return filled(
    items(root, "arcs", "arc").map((arc) => {
      const found = nameOf(arc);
      return found === undefined ? found : { name: found, number: decimal(childText(arc, "number")) ?? null };
    }),
  );
}

function universes(root: XmlElement): Universe[] | undefined {
  return filled(
    items(root, "universes", "universe").map((universe) => {
      const found = nameOf(universe);
      const designation = name(childText(universe, "designation")) ?? "";
      return found === undefined ? found : { name: found, designation };
    }),
  );
}

/** `Foo Bar #001 (2002)` */
export function reprintOf(written: string | undefined) {
  if (written === undefined) return undefined;
  const found = /^(.*?)(?:\s+#(\S+))?(?:\s+\((\d{4})\))?$/.exec(written);
  const volume = integer(found?.[3]) ?? null;
  return { series: found?.[1] || written, volume, issue: found?.[2] ?? "", language: "" };
}

function credits(root: XmlElement): Credit[] | undefined {
  const found = items(root, "credits", "credit").flatMap((credit) => {
    const person = name(childText(credit, "creator"));
    const roles = items(credit, "roles", "role").map((role) => name(role.text));
    return person === undefined ? [] : (unique(roles) ?? [""]).map((role) => ({ person, role }));
  });
  return found.length === 0 ? undefined : found;
}

function identifiers(root: XmlElement) {
  const gtin = child(root, "gtin");
  return uniqueIdentifiers([
    ...items(root, "ids", "id").map((id) => identifier(id.attributes.source, id.text)),
    ...items(root, "urls", "url").map((url) => identifierOfUrl(url.text)),
    ...(child(root, "urls") === undefined ? all(root, "url") : []).map((url) => identifierOfUrl(url.text)),
    tradeNumber(childText(gtin, "isbn"), "isbn"),
    tradeNumber(childText(gtin, "upc"), "upc"),
  ]);
}
