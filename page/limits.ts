/** Bounds of what the page holds and draws: a day of watching costs it no more than a minute. */
export const pointsMax = 240;
export const decisionsMax = 100;
export const jobsMax = 100;
/** Notices of an import, and lines of its explanation. */
export const noticesMax = 20;
/** Results of one search that are drawn, and how many come at a time. */
export const resultsMax = 500;
export const resultsStep = 20;
/**
 * Characters of content, of one value, and rows of one record that are drawn; the raw record has the rest.
 */
export const contentCharactersMax = 1_200;
export const valueCharactersMax = 300;
export const fieldsMax = 24;
export const tagsMax = 12;
/** Longest raw record that is drawn whole: beyond it a browser gets slow. */
export const rawCharactersMax = 200_000;
/** Longest line and longest event that are taken from the server. */
export const lineCharactersMax = 64 * 1024 * 1024;
export const eventCharactersMax = 4 * 1024 * 1024;
/** Files that wait for their upload. */
export const filesMax = 20;
/** Bytes of a file that are looked at to recognise what it holds. */
export const sampleBytes = 256 * 1024;
export const reconnectMsMin = 500;
export const reconnectMsMax = 15_000;
/** The event stream says something at least this often, if only a comment. */
export const silenceMsMax = 45_000;
/** Statistics are asked for again at most this often: counting them costs the server work. */
export const storeMsMin = 2_000;
/** How snapshots stand is asked for this often while it is looked at, and never more often than that. */
export const snapshotsMs = 5_000;
export const snapshotsMsMin = 1_000;
