import { MiB } from "./sizes.js";

/** Bounds of queries. */

/** A filter is written by a person or an app; a longer one is a list that belongs into a file. */
export const queryBytesMax = 8 * MiB;

/** Values in one list of a filter: each costs a seek a segment. */
export const queryTermsMax = 65_536;

/** A regular expression is written by a person. */
export const patternCharsMax = 1024;

/** Instructions that a pattern is compiled to, some 150 bytes each: repeats are written out. */
export const patternInstructionsMax = 20_000;

/** Patterns of one filter, and what each may come to hold of states while it is matched. */
export const queryPatternsMax = 4;
export const patternStatesBytesMax = 1 * MiB;

/** Places looked at when a pattern is turned into trigrams (about 1 MB). */
export const patternNodesMax = 4096;

/** Trigrams, or choices of at most so many, whose lists are measured for one pattern or part. */
export const patternClausesMax = 64;
export const patternClauseMax = 32;

/** Of these, the rarest are met: what more of them would rule out is sooner held against the record. */
export const trigramListsMax = 8;

/** Positions of a polygon: each is looked at for every place found. */
export const areaPositionsMax = 10_000;

/** Stretches of an index of places that a question meets: each costs a seek a segment. */
export const areaSpansMax = 96;

/** Conditions inside conditions, and steps along links, at most this deep. */
export const queryDepthMax = 16;

/**
 * Posting lists read side by side hold one decoded block each (147 KB); a union of more lists is gathered
 * instead.
 */
export const queryCursorsMax = 32;
export const queryUnionCursorsMax = 8;

/** Dead records as bits: pages of so many ids (8 KiB), and what all of them that are kept may take. */
export const deadPageIds = 65_536;
export const deadPagesBytesMax = 1 * MiB;

/** Ids of a range or a large union are gathered in a sorted array of this many (8 MB)... */
export const gatheredIdsMax = 1_000_000;

/** ...or, when they are more, in a bitmap over a window of ids that moves along (8 MB: 64 million ids). */
export const gatheredWindowIds = 64 * MiB;

/** Ids that are met with unions have a bit each, over a span of this many at most (8 MB). */
export const metIdsSpanMax = 64 * MiB;

/** Candidates that are held as one array (2 MB, thrice while they are met); more are met one by one. */
export const heldIdsMax = 262_144;

/** With so many records expired since the others were gathered, all of them are gathered anew. */
export const expiredRecentMax = 65_536;

/** Gathered sets at once (32 MB); what would need more is checked on the records. */
export const gatheredSetsMax = 4;

/**
 * Records at the near end of a link that are looked up ahead of the query; beyond it links are followed one
 * by one.
 */
export const linkGatherMax = 10_000;

/** Patterns of quads in one query; each but the first is met for each term that is asked about. */
export const quadPatternsMax = 8;

/** Verdicts on longer terms of joins are not kept. */
export const joinKeyLengthMax = 128;

/** Terms of joins that are looked up ahead of the query, in characters together. */
export const joinTermCharsMax = 1 * MiB;

/**
 * Verdicts on records at the other end of links, kept while a query runs, and the characters of their keys:
 * about 8 MB in all.
 */
export const linkVerdictsMax = 65_536;
export const linkVerdictCharsMax = 1 * MiB;

/**
 * Sorted output is made in passes of this many entries (about 24 MB); a later pass goes on where the former
 * ended.
 */
export const sortEntriesMax = 262_144;

/** The first pass has room for so many at least: what is sorted last is now and then no match. */
export const sortEntriesMin = 128;

/** Texts that order records of equal terms are sorted in passes of this many bytes. */
export const sortTextBytesMax = 8 * MiB;

/** A walk in order tests its ids in batches, from the first size doubling to the second. */
export const orderBatchMin = 64;
export const orderBatchMax = 4096;

/**
 * A walk backwards has room for so many postings of a block (80 KiB a segment), and more where one has more:
 * up to 320 KiB.
 */
export const walkRoomPostings = 4096;

/** From batches of this size on, the unions that they are met with are gathered. */
export const gatherFromIds = 1024;

/**
 * Records of a sorted output are read so many at a time in the order in which they lie, the fewer where it is
 * not said how many are wanted; no more than these bytes of them are held.
 */
export const aheadRecordsMin = 16;
export const aheadRecordsMax = 512;
export const aheadBytesMax = 0.5 * MiB;

/** What a record that is held, or is known not to be there, takes beside its bytes. */
export const aheadEntryBytes = 256;

/** Blocks looked at when the length of a range is estimated; beyond it the estimate is extrapolated. */
export const estimateBlocksMax = 256;

/**
 * Of a range on the field that a query is ordered by so many postings are met first, as any other condition.
 */
export const orderRangeIdsMax = 16_384;

/** Decoded blocks kept while querying: 64 KiB each of records, as a rule, and up to 147 KB of postings. */
export const blockCacheBytesDefault = 1 * MiB;
export const indexCacheBytesDefault = 1 * MiB;

/**
 * Blocks remembered as met of late (about 0.2 MB): the third time they are kept.
 */
export const recordBlocksSeenMax = 4096;

/**
 * A posting list is kept under its own name when it lies within so many blocks: it may begin in one and end
 * in the next.
 */
export const shortListBlocksMax = 2;

/** Lists whose lengths, and what was sought in them, are remembered (about 1 MB each). */
export const listLengthsMax = 10_000;

/** A list is kept as bits where these take no more than such a part of the cache of posting lists. */
export const listBitsShare = 16;

/** Records of more members, and those that are asked for more of them than these, are parsed whole. */
export const recordMembersMax = 64;
export const recordMemberReadsMax = 6;

/** Posting lists that are opened at a time find a room for a block that is there already (256 KiB). */
export const readerRoomsMax = 16;

/** Chunks of the column that queries order by, kept while querying: 8 bytes a record. */
export const columnCacheBytesDefault = 1 * MiB;

/** What one step of statistics reads of a store before others have their turn. */
export const statsStepBytes = 4 * MiB;
export const statsStepPostings = 250_000;

/** Candidates that one step of a count looks at. */
export const countStepIds = 1024;
