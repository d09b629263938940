/**
 * What one form of metadata says of a comic, in one vocabulary for all forms. A member that is absent says
 * nothing; a list is never empty.
 */
export interface ComicMetadata {
  publisher?: string;
  imprint?: string;
  series?: string;
  volume?: number;
  volumeCount?: number;
  issue?: IssueNumber;
  issueCount?: number;
  title?: string;
  collectionTitle?: string;
  year?: number;
  month?: number;
  day?: number;
  summary?: string;
  review?: string;
  notes?: string;
  pageCount?: number;
  /** Position of the cover among the pages, or the name of its entry. */
  cover?: number | string;
  language?: string;
  country?: string;
  ageRating?: string;
  originalFormat?: string;
  readingDirection?: ReadingDirection;
  monochrome?: boolean;
  communityRating?: number;
  scanInfo?: string;
  tagger?: string;
  modified?: string;
  mainCharacter?: string;
  mainTeam?: string;
  characters?: string[];
  teams?: string[];
  locations?: string[];
  genres?: string[];
  tags?: string[];
  seriesGroups?: string[];
  stories?: string[];
  storyArcs?: StoryArc[];
  credits?: Credit[];
  identifiers?: Identifier[];
  universes?: Universe[];
  reprints?: Reprint[];
}

export type ReadingDirection = "ltr" | "rtl" | "ttb" | "btt";

/** `12.5AU` is 12.5 and AU; a number may be missing (`Annual`). */
export interface IssueNumber {
  number: number | null;
  suffix: string;
}

export interface StoryArc {
  name: string;
  number: number | null;
}

export interface Credit {
  person: string;
  role: string;
}

/** What a catalogue of comics knows something by: the source and the type give the key its meaning. */
export interface Identifier {
  source: string;
  type: string;
  key: string;
  url: string | null;
}

export interface Universe {
  name: string;
  designation: string;
}

export interface Reprint {
  series: string;
  volume: number | null;
  issue: string;
  language: string;
}

/** Forms of metadata; what stands behind wins, field by field. */
export const metadataForms = [
  "filename",
  "comment",
  "comicbookinfo",
  "comet",
  "comicinfo",
  "metroninfo",
  "comicbox-json",
  "comicbox-yaml",
] as const;

export type MetadataForm = (typeof metadataForms)[number];
