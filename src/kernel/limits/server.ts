import { KiB, MiB } from "./sizes.js";

/** Bounds of the server: what strangers can make it hold, and how long they can make it wait. */

/**
 * Connections at once; one more is refused. Each holds its parser and two buffers of a socket at the most.
 */
export const connectionsMax = 320;

/** All headers of a request, its address included: Node.js answers 431 beyond it. */
export const headerBytesMax = 16 * KiB;

/** The address of a request; a filter that is longer goes into a body. */
export const addressBytesMax = 8 * KiB;

/** Time for the headers of a request to arrive, and for the next request on an open connection. */
export const headersMsMax = 10_000;
export const keepAliveMs = 5_000;

/** A body that brings nothing for this long is given up; the import stops at a checkpoint. */
export const bodyIdleMsMax = 60_000;

/** Chunks of a body, of 64 KiB at the most, that are taken from the socket before they are asked for. */
export const bodyChunksMax = 4;

/**
 * What is left of a body is read away for this long, so that the client hears the answer before it is cut.
 */
export const lingerMsMax = 2_000;

/** A reader of an answer that takes nothing for this long is given up. */
export const answerIdleMsMax = 60_000;

/** A query or another small body as JSON. */
export const jsonBodyBytesMax = 1 * MiB;

/** The head of a part of a multipart body, and a part that is passed over before the file. */
export const partHeadBytesMax = 8 * KiB;
export const partBytesPassedMax = 64 * KiB;

/** Parameters of an import with a mapping or a schema among them, as they are kept with it. */
export const importParametersBytesMax = 32 * KiB;

/** The name of an upload, as it is kept in jobs and checkpoints. */
export const uploadNameLengthMax = 200;

/** Imports that wait for their turn, their connections open and their bodies unread. */
export const importsQueuedMax = 8;

/** When to come again after a refusal for want of room. */
export const retryAfterSeconds = 10;

/** Imports that are remembered, each with at most the lists below (about 100 KiB in all). */
export const importsKeptMax = 100;
export const jobTimelinePointsMax = 240;
export const jobDecisionsMax = 100;
export const jobNoticesMax = 20;
export const jobTextLengthMax = 500;

/** Jobs that keep their timeline, decisions and report; older ones keep the summary. */
export const importsDetailedMax = 10;

/** The file of one job in the history that outlives the server; details that make it larger are left out. */
export const jobFileBytesMax = 256 * KiB;

/** Progress is told to clients this often. */
export const progressTellMs = 500;

/** Streams of events at once, and what one of them may have unread before it is cut. */
export const eventStreamsMax = 16;
export const eventBytesUnreadMax = 1 * MiB;

/** A comment keeps proxies from closing a stream of events on which nothing happens. */
export const eventHeartbeatMs = 15_000;

/** Queries and exports at work at once, and those that wait for one of them to end. */
export const queriesMax = 4;
export const queriesQueuedMax = 32;

/** Records of an answer are gathered to this size, and this much of them waits for a slow reader. */
export const answerChunkBytes = 64 * KiB;
export const answerUnreadBytesMax = 256 * KiB;

/** A query gives way to the rest of the server this often. */
export const queryTurnMs = 5;

/** A reader that a writer waits for ends its queries by then. */
export const readerGraceMsMax = 2_000;

/**
 * A reader serves for this long, so that what other processes seal is seen, and is closed when it is idle.
 */
export const readerAgeMsMax = 5_000;

/**
 * What the server takes of the line while an import runs: connections, queries, the reader's kernel and
 * caches.
 */
export const serverBytes = 16 * MiB;

/** Tokens in one file, and the length of their names. */
export const tokensMax = 1_000;
export const tokenNameLengthMax = 100;
export const tokenBytes = 32;

/** A request that takes longer than this is held to its token anew: one that was removed ends it. */
export const tokenRecheckMs = 2_000;

/**
 * After a signal, and once the import has stopped, the server ends by then, whatever its connections do: a
 * container is given ten seconds, as a rule, and the checkpoint wants some of them.
 */
export const shutdownMsMax = 5_000;

/** While it ends, connections on which nothing is asked any more are looked for this often. */
export const idleCheckMs = 50;

/** The page and its parts, held in memory. */
export const pageBytesMax = 2 * MiB;

/** A file of tokens, at 300 bytes a token. */
export const tokensFileBytesMax = 512 * KiB;

/** Where the server listens unless told. */
export const portDefault = 8080;

/** Mapped pages of the store that reading for clients may leave resident before they are given back. */
export const readerMappedBytesMax = 8 * MiB;

/** The part of the line that mapped pages leave alone while no import runs. */
export const readerUnmappedFraction = 0.25;

/** Entries of a store that are read before anybody looks how many pages they have mapped. */
export const mappedReadsMax = 64;

/**
 * To delete a large value LMDB looks at its first page, and the kernel maps the 64 KiB around it or more: so
 * many deletions on, what is mapped is given back.
 */
export const removedKeysPerRelease = 32;

/** What one turn of an export sends before it lets go of the store. */
export const exportTurnBytes = 256 * KiB;

/** With less than this of the line left garbage is collected, and with less than half of it queries end. */
export const tightBytes = 8 * MiB;
