import type { Mapping, MappingEntity, MappingField } from "../mapping/index.js";

type Fields = MappingEntity["fields"];

const range = (type: "int" | "float" | "date"): MappingField => ({ type, index: "range" });
const exact = (type: "int" | "string" | "bool"): MappingField => ({ type, index: "exact" });
const link = (entity: string): MappingField => ({ type: "string", link: entity });
/** Comics name many of these: tables have a table of links for them. */
const links = (entity: string): MappingField => ({ type: "string", link: entity, list: true });
const words = (): MappingField => ({ type: "string", index: "text" });
/** Found by the whole of it, by its beginning and by its words. */
const title = (): MappingField => ({ type: "string", index: ["exact", "range", "text"] });

/** Things that are nothing but a name. */
const named = (): MappingEntity => ({ key: "name", fields: { name: title() } });

const comic: Fields = {
  path: { type: "string", index: "range" },
  deleted: "bool",
  folder: exact("string"),
  fileType: exact("string"),
  size: range("int"),
  modified: range("date"),
  inode: "string",
  publisher: link("Publisher"),
  imprint: link("Imprint"),
  series: link("Series"),
  seriesName: title(),
  volume: link("Volume"),
  volumeNumber: range("int"),
  volumeCount: "int",
  issue: exact("string"),
  issueNumber: range("float"),
  issueSuffix: "string",
  issueCount: "int",
  title: words(),
  collectionTitle: words(),
  year: range("int"),
  month: exact("int"),
  day: "int",
  date: range("date"),
  decade: exact("int"),
  summary: words(),
  review: words(),
  notes: words(),
  pageCount: range("int"),
  cover: "string",
  language: exact("string"),
  country: exact("string"),
  ageRating: exact("string"),
  originalFormat: exact("string"),
  readingDirection: exact("string"),
  monochrome: exact("bool"),
  communityRating: range("float"),
  scanInfo: exact("string"),
  tagger: exact("string"),
  metadataModified: range("date"),
  metadataForms: { type: "string", index: "exact", list: true },
  metadataFaults: { type: "string", list: true },
  mainCharacter: link("Character"),
  mainTeam: link("Team"),
  characters: links("Character"),
  teams: links("Team"),
  locations: links("Location"),
  genres: links("Genre"),
  tags: links("Tag"),
  seriesGroups: links("SeriesGroup"),
  stories: links("Story"),
  storyArcNumbers: links("StoryArcNumber"),
  credits: links("Credit"),
  identifiers: links("Identifier"),
  universes: links("Universe"),
  reprints: links("Reprint"),
};

/**
 * A library of comics: the archives, and the things that their metadata names. Keys of things that belong to
 * others are made of the names on the way (docs/comics.md). A comic that was read anew replaces what was
 * known of it; the things are the same whoever names them.
 */
export function comicsMapping(): Mapping {
  const key = "string" as const;
  return {
    version: 1,
    preset: "comics",
    entities: {
      Publisher: named(),
      Imprint: { key: "key", fields: { key, publisher: link("Publisher"), name: title() } },
      Series: {
        key: "key",
        fields: { key, publisher: link("Publisher"), imprint: link("Imprint"), name: title() },
      },
      Volume: {
        key: "key",
        fields: {
          key,
          publisher: link("Publisher"),
          imprint: link("Imprint"),
          series: link("Series"),
          number: range("int"),
        },
      },
      Character: named(),
      Team: named(),
      Location: named(),
      Genre: named(),
      Tag: named(),
      SeriesGroup: named(),
      Story: named(),
      StoryArc: named(),
      StoryArcNumber: { key: "key", fields: { key, storyArc: link("StoryArc"), number: range("float") } },
      Person: named(),
      Role: named(),
      Credit: { key: "key", fields: { key, person: link("Person"), role: link("Role") } },
      IdentifierSource: named(),
      Identifier: {
        key: "key",
        fields: { key, source: link("IdentifierSource"), type: exact("string"), id: exact("string") },
      },
      Universe: { key: "key", fields: { key, name: title(), designation: exact("string") } },
      Reprint: {
        key: "key",
        fields: {
          key,
          series: exact("string"),
          volume: "int",
          issue: exact("string"),
          language: exact("string"),
        },
      },
      FailedImport: {
        key: "path",
        conflict: "replace",
        deleted: "deleted",
        fields: {
          path: { type: "string", index: "range" },
          deleted: "bool",
          code: exact("string"),
          reason: words(),
          size: range("int"),
          modified: range("date"),
        },
      },
      Comic: { key: "path", conflict: "replace", deleted: "deleted", fields: comic },
    },
  };
}
