import { GiB, KiB, MiB } from "./sizes.js";

/** Bounds of imports and of what all parts share. */

/** Record ids are 40 bits wide: 1.1 trillion records in a store. */
export const recordIdMax = 2 ** 40 - 1;

/** A posting or key block with its LMDB overflow header fills exactly four 4 KiB pages. */
export const tupleBlockBytesMax = 4 * 4096 - 48;

/**
 * Records are compressed together in blocks of about this many raw bytes: large enough to compress, small
 * enough to read one record.
 */
export const recordBlockBytes = 64 * KiB;

/** Keys live in memory while they are compared; a longer one is a mistake in the mapping. */
export const keyBytesMax = 1024;

/** A token longer than this is cut: nobody searches for it, and postings need a bound. */
export const tokenBytesMax = 64;

/** A place is written in a line; a longer text, or value of JSON, is something else. */
export const placeCharsMax = 1024;
export const placeBytesMax = 64 * KiB;

/** Words whose stems a worker keeps (512 KiB): the others are stemmed each time, at some microseconds. */
export const stemWordsKept = 16_384;

/** A mapping is written by hand or printed by `infer`; a larger file is not a mapping. */
export const mappingBytesMax = 1 * MiB;

/** Settings are written by hand; a larger file holds something else. */
export const configBytesMax = 256 * KiB;

/** The entity of a stored block is one byte, and 255 marks none. */
export const entityCountMax = 255;

/**
 * Slots are 16 bits wide in the kernels; this many fields is far above any real record and keeps the member
 * tree small.
 */
export const entityFieldCountMax = 4096;

/** Index numbers are 16 bits wide in a tuple; 0 is the list of dead records. */
export const indexCountMax = 65_535;

/** Key parts are joined into one short key; more of them means that the mapping is wrong. */
export const keyPartCountMax = 8;

/**
 * A quad's key of up to this many bytes is stored as it is, a longer one as the 33 bytes of its digest
 * (docs/adr/0012-quads.md): QUAD_KEY_BYTES_MAX in kernels/load-quad-keys.ts.
 */
export const quadKeyBytesMax = 40;

/** One object of a list in Dgraph's JSON, how deep it nests, and what it may become as statements. */
export const dgraphElementBytesMax = 1 * MiB;
export const dgraphDepthMax = 100;
export const dgraphOutputBytesMax = 4 * MiB;

/** What reading Dgraph's JSON takes: an object as bytes, text and value, and its statements. */
export const dgraphJsonBytes = 32 * MiB;

/** A schema is written by hand or exported; a larger file is none. */
export const schemaBytesMax = 1 * MiB;

/** Predicates of one entity that have a type or an index of their own: their table lies in every program. */
export const predicateCountMax = 512;

/** Turtle and Dgraph's JSON are read in pieces of this size: what one becomes is held whole. */
export const rewrittenPieceBytes = 16 * KiB;

/** What one piece of Turtle may become as N-Quads: short names can stand for long IRIs. */
export const turtleOutputBytesMax = 4 * MiB;

/** Bytes of Turtle without a triple, a prefix or a comment: the parser holds what it has not finished. */
export const turtleSilenceBytesMax = 4 * MiB;

/** Prefixes of a document and their IRIs in all; the parser holds them. */
export const turtlePrefixBytesMax = 1 * MiB;

/** Nested brackets; the parser holds a few values for each. */
export const turtleDepthMax = 10_000;

/**
 * What reading Turtle takes beside chunks: the parser (measured), an unfinished literal, a piece of output.
 */
export const turtleBytes = 24 * MiB;

/** Members lie at most this deep: the scanner keeps a frame a level. */
export const pathDepthMax = 32;

/**
 * Writing maps pages of the store, and mapped pages count as resident; the environment is closed and opened
 * again (about 2 ms) after this many bytes at the latest.
 */
export const writtenBytesBeforeReopen = 32 * MiB;

/** What one transaction maps at most, as measured: some fifteen page faults of 64 KiB. */
export const mappedBytesPerTransaction = 1 * MiB;

/** A page fault maps the pages around it that are in the page cache: up to this much. */
export const faultAroundBytes = 64 * KiB;

/**
 * Filters of key blocks that are written together, where an eighth of a transaction is as much: their pages
 * lie side by side then.
 */
export const filterStagingBytes = 256 * KiB;

/** Keys deleted in one transaction, so that a rollback of any size dirties few pages at a time. */
export const rollbackKeysPerTransaction = 512;

/** Sources are read in chunks of this size: large enough to hide the call, small enough to hold two. */
export const sourceChunkBytes = 256 * KiB;

/** A cursor carries the checksum of this many bytes before it: enough to tell one source from another. */
export const cursorTailBytes = 4 * KiB;

/**
 * A rejected record is written whole to the rejects up to this size: what is larger is found by its place.
 */
export const rejectRecordBytesMax = 8 * KiB;

/** Lines of rejects gathered before they are written: bad input must not cost a system call a record. */
export const rejectBufferBytes = 64 * KiB;

/** What a reject takes in memory beside its text and the start of its record. */
export const rejectNoteBytes = 400;

/**
 * A line of a rejects file that is longer was not written here: the record is bounded, its escapes at most
 * sixfold.
 */
export const rejectLineBytesMax = 128 * KiB;

/** A header row beyond this is a file without line breaks, not a header. */
export const csvHeaderBytesMax = MiB;

/** Format and delimiter are told from this much of the start of a source. */
export const detectBytesMax = 64 * KiB;

/**
 * Decompression windows (zstd, xz dictionaries) beyond this are refused: they would have to be held whole.
 */
export const decompressWindowBytesMax = 64 * MiB;

/** The list of files of an archive, packed and unpacked; one of hundreds of files takes some kilobytes. */
export const archiveHeaderBytesMax = MiB;

/** Output of a decompressor is taken in pieces of this size. */
export const decompressChunkBytes = 64 * KiB;

/** Messages of child processes are kept up to this length. */
export const childMessageBytesMax = 4 * KiB;

/** Lines that are advised are multiples of this. */
export const lineStepBytes = 32 * MiB;

/** `auto` leaves a tenth of a container's limit to the kernel's own pages, a shell, a health check. */
export const lineCgroupFraction = 0.9;

/** Without a limit the machine is shared with others: `auto` takes this part of what is available now. */
export const lineMachineFraction = 0.6;

/** Kernels write "unlimited" as numbers near 2^63; nothing real is as large as this. */
export const limitBytesUnlimited = 2 ** 60;

/**
 * A worker thread: its isolate (10 MiB measured), its part of the allocator (4 MiB), and what its messages
 * add to the main thread's heap.
 */
export const threadBytes = 16 * MiB;

/** A worker in the main thread: its code as it is compiled, and what it adds to the heap. */
export const inlineBytes = 3 * MiB;

/**
 * A worker that verifies signatures: the library's memory and tables, and its part of the code and of what
 * compiling that takes (5.5 MiB measured for one worker, 6 for two).
 */
export const signatureBytes = 6 * MiB;

/** Slabs in flight then: one that is filled or decoded, and one that is committed. */
export const slabsInline = 2;

/** Kept free for the growth of the V8 heap and of the allocator: this part of the line, within bounds. */
export const reserveBytesFloor = 14 * MiB;
export const reserveBytesMin = 16 * MiB;
export const reserveBytesMax = 256 * MiB;
export const reserveFraction = 0.08;

/** Slabs in flight beyond one a worker: one that is filled and one that is committed. */
export const slabsAhead = 2;

/** What a slab becomes: blocks, columns, places; JSON made of CSV is longer than its source. */
export const outputPerInput = 1.25;

/** A worker's tables of fixed size: Unicode classes, member tree, LZ4 hash table, kernel data. */
export const scratchBytesFixed = 1 * MiB;

/** Value lists and the raw record block, by byte of the slab. */
export const scratchPerInput = 2;

/**
 * A record that goes alone takes this many times its bytes: in the kernel (frame, value list, text made from
 * a row, bit stack, block, tuples), and outside (its input, its output, the pages of its transaction and
 * their copy).
 */
export const recordKernelExpansion = 5.3;
export const recordOutsideExpansion = 4;
export const recordAloneBytesFixed = 8 * MiB;

/** A worker for large records takes records larger than the first one by this much as well. */
export const largeWorkerHeadroom = 1.25;

/** It ends when this many bytes of input have come without such a record. */
export const largeWorkerKeptBytes = 64 * MiB;

/** The same program starts at a little more or less: an advised line has to do for the next process. */
export const baselineSpreadBytes = 4 * MiB;

/**
 * Kernels hand addresses to JavaScript as signed 32-bit numbers, so no kernel's memory may reach the sign.
 */
export const kernelMemoryBytesMax = 2 * GiB - 64 * KiB;

/**
 * Files that one merge opens at once: each worker has its own, and a process may be allowed no more than
 * 4,096.
 */
export const mergeInputsCountMax = 1024;

/** Slabs by the memory of a thread: larger ones cost fewer messages, smaller ones leave more to runs. */
export const slabLadder = [
  { poolBytesPerThread: 256 * MiB, slabBytes: 4 * MiB },
  { poolBytesPerThread: 128 * MiB, slabBytes: 2 * MiB },
  { poolBytesPerThread: 48 * MiB, slabBytes: 1 * MiB },
  { poolBytesPerThread: 16 * MiB, slabBytes: 512 * KiB },
  { poolBytesPerThread: 0, slabBytes: 256 * KiB },
] as const;

/** A batch that was asked for by its bytes: from the smallest slab to one beyond which nothing is gained. */
export const batchBytesCeiling = 64 * MiB;

/** Run buffers of one worker: below the floor too many runs, above the ceiling nothing is gained. */
export const runBytesFloor = 1 * MiB;
export const runBytesIdeal = 16 * MiB;
export const runBytesCeiling = 256 * MiB;

/** The part of a run buffer that holds tuples; the rest holds key entries. */
export const runTupleFraction = 0.75;

/** Dirty pages of the open LMDB transaction: 8 MB transactions were measured to be enough for full speed. */
export const databaseDirtyBytesFloor = 1 * MiB;
export const databaseDirtyBytesIdeal = 8 * MiB;
export const databaseDirtyBytesCeiling = 32 * MiB;

/** Values as a part of a transaction's dirty pages: the rest is branch pages and half-filled leaves. */
export const transactionFraction = 0.75;

/** Pages of the store's map that may be resident before the environment is opened anew. */
export const mappedBytesFloor = 2 * MiB;
export const mappedBytesIdeal = 8 * MiB;
export const mappedBytesCeiling = 64 * MiB;

/** Dirty page cache on its way to the disk: it counts against a container's limit as the heap does. */
export const writebackBytesFloor = 1 * MiB;
export const writebackBytesIdeal = 8 * MiB;
export const writebackBytesCeiling = 64 * MiB;

/** Buffers of run files, rejects and drivers. */
export const driverBytesFloor = 256 * KiB;
export const driverBytesIdeal = 2 * MiB;
export const driverBytesCeiling = 8 * MiB;

/** Batches grow to the largest slab in this many doublings. */
export const gradualityDefault = 5;
export const gradualityMax = 16;

/** Groups looked through for our own when a namespace hides its path. */
export const cgroupSearchMax = 4096;

/** A mapping is inferred from the first records: enough to see the types, little enough to hold. */
export const inferRecordCountMax = 1000;
export const inferSampleBytesMax = 512 * KiB;

/** A first record up to this size is looked at all the same. */
export const inferRecordBytesMax = 4 * MiB;

/** Inference follows objects this deep; what lies deeper stays in the record, unindexed. */
export const inferDepthMax = 4;

/** An object with more member names than this over the sample is a table of its own, not a set of fields. */
export const inferMemberCountMax = 40;

/** An inferred mapping names at most this many fields: each costs index entries in every record. */
export const inferFieldCountMax = 256;

/** A crash costs at most about this much work; a checkpoint costs the sorting of half-full run buffers. */
export const checkpointSecondsMax = 5;

/** Input between two checkpoints unless --sync-bytes says otherwise. */
export const syncBytesDefault = 512 * MiB;

/** The merge is cut into parts of about this many bytes of runs: the unit of work and of resuming. */
export const mergePartBytes = 16 * MiB;
export const mergePartsMax = 1024;

/** Places in runs where merge parts begin (1 MiB): many runs are cut into fewer parts. */
export const mergeOffsetsMax = 131_072;

/** Frame heads looked at when the borders of merge parts are chosen (about 1 MiB). */
export const mergeSamplesMax = 8_192;

/** Run files are written and read in pieces of this size: few system calls, small beside the line. */
export const runBufferBytes = 256 * KiB;

/** A frame of a run file holds one block; a longer one is damage. */
export const runFrameBytesMax = 16 * KiB;

/** Tuples of dead records sorted at a time while keys are merged. */
export const deadTuplesMax = 65_536;

/** Records with links that lead nowhere, held against the dead records at a time (about 1 MB). */
export const danglingIdsMax = 65_536;

/** The display is told of progress at most this often. */
export const progressMs = 100;

/**
 * Kernel memory of one open query: tables of letters, a posting block, and twice what a record block of the
 * usual size takes, packed and unpacked: one that is read as it is needed, one that is to be kept.
 */
export const queryKernelBytes = 2 * MiB;

/** Posting lists that a search reads at once: words times text fields. */
export const searchListsMax = 64;

/** The first part of stdin is kept once more while a mapping is inferred from it. */
export const stdinSampleBytesMax = 1 * MiB;

/** A stream that stalls for this long has given the sample that there is. */
export const stdinSampleDelayMs = 300;

/** Results are gathered to this size before they are written to stdout. */
export const outputBufferBytes = 64 * KiB;

/** Results that go to a file reach the disk after this many bytes: the ideal share of write-back. */
export const outputSyncBytes = 8 * MiB;

/** Texts that queries turn into terms; longer ones are documents, not questions. */
export const termTextBytesMax = 64 * KiB;

/** The program of an entity (member tree, steps of every field, CSV columns): about 170 bytes a field. */
export const entityProgramBytes = 192 * KiB;

/**
 * Column values that wait for the end of their batch: 4,000 rows of 8 columns; fuller ones are handed over
 * earlier.
 */
export const columnRegionBytes = 256 * KiB;

/**
 * Values of mapped members in one record: a value in every 16 bytes of the largest record, and never less
 * than this.
 */
export const recordValuesMin = 4096;

/** Nesting of JSON that is read, a bit a level: 128 KiB a worker. JSON.parse has no bound but memory. */
export const jsonDepthMax = 1_048_576;

/** An encoder for long texts of records is kept up to this size, and made anew for longer ones. */
export const queryTermBytesKept = 4 * MiB;

/** A loop over results looks for signals this often: soon enough for people, rare enough to cost nothing. */
export const breathMs = 50;

/**
 * Freed memory that an arena of the allocator keeps: its own default, but without growing by what was freed.
 */
export const freedBytesKept = 128 * KiB;

/**
 * Arenas of the allocator; threads share them from then on. More would each keep their own largest extent.
 */
export const arenasMax = 2;

/**
 * A thread that loads collects its garbage at least this often: V8 waits for 8 MB of it, whatever its flags.
 */
export const collectEveryMs = 1000;

/** Environments closed between two collections of garbage: each leaves about 300 KiB outside the heap. */
export const reopensPerCollection = 4;

/** Values written for each byte that writing maps, where the system does not tell what is mapped. */
export const writtenPerMapped = 2;
