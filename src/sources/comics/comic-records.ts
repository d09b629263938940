import { type ComicMetadata, compact, type Identifier, type Reprint } from "./metadata/index.js";
import { naturalKey } from "./natural-key.js";

/** What is known of an archive beside its metadata. */
export interface ComicFile {
  /** From the root of the library, with slashes. */
  path: string;
  sizeBytes: number;
  modifiedMs: number;
  inode: number;
  fileType: string;
  /** Null when nothing in the archive is a page. */
  cover: string | null;
  pageCount: number;
  /** Forms that said something. */
  forms: string[];
  /** Forms that could not be read, and why. */
  faults: string[];
}

export type EntityRecord = { entity: string; key: string; record: Record<string, unknown> };

/**
 * Entities in the order in which they are handed out: parents before those who name them. The things that
 * comics name consist of their key and its parts alone, so that a thing is the same whoever names it.
 */
export const comicEntities = [
  "Publisher",
  "Imprint",
  "Series",
  "Volume",
  "Character",
  "Team",
  "Location",
  "Genre",
  "Tag",
  "SeriesGroup",
  "Story",
  "StoryArc",
  "StoryArcNumber",
  "Person",
  "Role",
  "Credit",
  "IdentifierSource",
  "Identifier",
  "Universe",
  "Reprint",
  "FailedImport",
  "Comic",
] as const;

export type ComicEntity = (typeof comicEntities)[number];

/** Takes the records of the things that a comic names. */
export type AddParent = (entity: ComicEntity, key: string, record: Record<string, unknown>) => void;

/** The record of a comic; the things that it names are handed to `add`, parents first. */
export function comicRecord(
  file: ComicFile,
  metadata: ComicMetadata,
  add: AddParent,
): Record<string, unknown> {
  const named = (entity: ComicEntity, names: readonly string[] | undefined) => {
    for (const name of names ?? []) add(entity, name, { name });
    return names;
  };
  const { year, month, day } = metadata;
  const { issue } = metadata;
  return compact({
    path: file.path,
    folder: file.path.slice(0, Math.max(0, file.path.lastIndexOf("/"))),
    fileType: file.fileType,
    size: file.sizeBytes,
    modified: new Date(file.modifiedMs).toISOString(),
    inode: String(file.inode),
    ...seriesOf(metadata, add),
    issue: issue === undefined ? undefined : `${issue.number ?? ""}${issue.suffix}`,
    issueNumber: issue?.number,
    issueSuffix: issue?.suffix || undefined,
    issueCount: metadata.issueCount,
    title: metadata.title ?? metadata.stories?.join("; "),
    collectionTitle: metadata.collectionTitle,
    year,
    month,
    day,
    date: dateOf(year, month, day),
    decade: year === undefined ? undefined : Math.floor(year / 10) * 10,
    summary: metadata.summary,
    review: metadata.review,
    notes: metadata.notes,
    pageCount: file.pageCount > 0 ? file.pageCount : metadata.pageCount,
    cover: file.cover ?? undefined,
    language: metadata.language,
    country: metadata.country,
    ageRating: metadata.ageRating,
    originalFormat: metadata.originalFormat,
    readingDirection: metadata.readingDirection,
    monochrome: metadata.monochrome,
    communityRating: metadata.communityRating,
    scanInfo: metadata.scanInfo,
    tagger: metadata.tagger,
    metadataModified: metadata.modified,
    metadataForms: file.forms,
    metadataFaults: file.faults.length === 0 ? undefined : file.faults,
    mainCharacter: one("Character", metadata.mainCharacter, named),
    mainTeam: one("Team", metadata.mainTeam, named),
    characters: named("Character", metadata.characters),
    teams: named("Team", metadata.teams),
    locations: named("Location", metadata.locations),
    genres: named("Genre", metadata.genres),
    tags: named("Tag", metadata.tags),
    seriesGroups: named("SeriesGroup", metadata.seriesGroups),
    stories: named("Story", metadata.stories),
    ...complexOf(metadata, add),
  });
}

function one(
  entity: ComicEntity,
  name: string | undefined,
  named: (entity: ComicEntity, names: readonly string[]) => unknown,
): string | undefined {
  if (name !== undefined) named(entity, [name]);
  return name;
}

/** Publisher, imprint, series and volume: the key of each begins with the names above it. */
function seriesOf({ publisher, imprint, series, volume, volumeCount }: ComicMetadata, add: AddParent) {
  if (publisher !== undefined) add("Publisher", publisher, { name: publisher });
  const imprintKey = imprint === undefined ? undefined : naturalKey(publisher, imprint);
  if (imprintKey !== undefined) {
    add("Imprint", imprintKey, compact({ key: imprintKey, publisher, name: imprint }));
  }
  const shared = { publisher, imprint: imprintKey, volumeCount };
  if (series === undefined) return { ...shared, volumeNumber: volume };
  const seriesKey = naturalKey(publisher, imprint, series);
  add("Series", seriesKey, compact({ key: seriesKey, publisher, imprint: imprintKey, name: series }));
  const volumeKey = naturalKey(publisher, imprint, series, volume);
  add(
    "Volume",
    volumeKey,
    compact({ key: volumeKey, publisher, imprint: imprintKey, series: seriesKey, number: volume }),
  );
  return { ...shared, series: seriesKey, seriesName: series, volume: volumeKey, volumeNumber: volume };
}

/** Things that consist of others. */
function complexOf(metadata: ComicMetadata, add: AddParent) {
  return {
    storyArcNumbers: metadata.storyArcs?.map(({ name, number }) => {
      const key = naturalKey(name, number);
      add("StoryArc", name, { name });
      add("StoryArcNumber", key, compact({ key, storyArc: name, number: number ?? undefined }));
      return key;
    }),
    credits: metadata.credits?.map(({ person, role }) => {
      const key = naturalKey(person, role);
      add("Person", person, { name: person });
      if (role !== "") add("Role", role, { name: role });
      add("Credit", key, compact({ key, person, role: role || undefined }));
      return key;
    }),
    identifiers: metadata.identifiers?.map((identifier) => identifierKey(identifier, add)),
    universes: metadata.universes?.map(({ name, designation }) => {
      const key = naturalKey(name, designation);
      add("Universe", key, compact({ key, name, designation: designation || undefined }));
      return key;
    }),
    reprints: metadata.reprints?.map((reprint) => reprintKey(reprint, add)),
  };
}

function identifierKey({ source, type, key: own }: Identifier, add: AddParent): string {
  const key = naturalKey(source, type, own);
  add("IdentifierSource", source, { name: source });
  add("Identifier", key, { key, source, type, id: own });
  return key;
}

function reprintKey({ series, volume, issue, language }: Reprint, add: AddParent): string {
  const key = naturalKey(series, volume, issue, language);
  const parts = { series, volume: volume ?? undefined, issue: issue || undefined };
  add("Reprint", key, compact({ key, ...parts, language: language || undefined }));
  return key;
}

/** The day that the parts name, or the first one of the month or year; null parts end it. */
function dateOf(year?: number, month?: number, day?: number): string | undefined {
  if (year === undefined) return undefined;
  const at = new Date(Date.UTC(year, (month ?? 1) - 1, month === undefined ? 1 : (day ?? 1)));
  const isReal = at.getUTCMonth() === (month ?? 1) - 1;
  return isReal ? at.toISOString().slice(0, 10) : `${year}-${String(month).padStart(2, "0")}-01`;
}
