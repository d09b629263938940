import { KiB, MiB } from "./sizes.js";

/** Bounds of the relay: what the peers of its WebSockets can make the server hold, and for how long. */

/** WebSockets at once, beside those of HTTP. Each takes about 40 KiB, and as much as it reads at once. */
export const relayConnectionsMax = 128;

/** One message of a peer. The fragments that it may come in are bounded too. */
export const relayMessageBytesMax = 128 * KiB;
export const relayFragmentsMax = 64;
export const relayChunksMax = 1024;

/** Subscriptions of one connection, and the length of the names that it gives them. */
export const relaySubscriptionsMax = 40;
export const relaySubscriptionIdLengthMax = 64;

/** Filters of one subscription, and values in one list of a filter. */
export const relayFiltersMax = 20;
export const relayFilterValuesMax = 2_000;

/**
 * Text of all filters of all subscriptions and counts, with so much for each: compiled they take about three
 * times as much.
 */
export const relayFilterBytesMax = 4 * MiB;
export const relayFilterEntryBytes = 1 * KiB;

/** Events that wait to be verified or written: then nobody who sent some is listened to, until fewer wait. */
export const relayEventsWaitingMax = 2_048;
export const relayEventBytesWaitingMax = 1 * MiB;

/** Peers of which no event waits are listened to even then, but their events are refused beyond this. */
export const relayEventBytesTakenMax = 1.5 * MiB;

/** A peer with so many of its events unanswered is not listened to until there are fewer. */
export const relayEventsUnansweredMax = 256;

/** Events that are verified, and then written, at once. */
export const relayBatchEvents = 256;
export const relayBatchBytes = 512 * KiB;

/** What a message that waits in a socket takes beside its bytes. */
export const relayUnsentMessageBytes = 512;

/** Stored events are read for a peer while less than this waits in its socket. */
export const relayBehindBytes = 64 * KiB;

/** A peer that has let more than this gather when something is written for it is cut. */
export const relayUnreadBytesMax = 1 * MiB;

/**
 * What waits for all peers, with each message that is sent; and, looked at this often, with what they have
 * sent of messages that are not whole yet. The peer that has most of it is cut until it is less.
 */
export const relayHeldBytesMax = 8 * MiB;
export const relaySweepMs = 1_000;

/** New events are sent in bursts of this many bytes: sockets have their turn behind each. */
export const relayBurstBytesMax = 1 * MiB;

/** New events that wait until a subscription has had the stored ones, in bytes over all subscriptions. */
export const relayPendingBytesMax = 2 * MiB;

/** Subscriptions that are reading stored events at once; the others wait for their turn. */
export const relayTurnsMax = 3;

/** A turn that others wait for ends after this long. */
export const relayTurnMs = 1_000;

/** A turn waits so long for its peer to read on; when others wait for a turn, no longer than that. */
export const relayTurnPatienceMs = 500;
export const relayTurnPatienceWantedMs = 50;

/** A turn that was ended from outside is tried again so often, if nothing was sent in it. */
export const relayTurnAttemptsMax = 5;

/** A peer is asked for a sign of life this often; one that gave none is let go the next time. */
export const relayHeartbeatMs = 30_000;

/** When the server ends, peers have this long to say goodbye. */
export const relayGoodbyeMs = 1_000;

/** An event may be dated this far ahead of the server's clock. */
export const relayFutureSecondsMax = 900;

/** The thread that verifies signatures ends when it had nothing to do for this long. */
export const relayVerifierIdleMs = 60_000;

/** Heap of that thread. */
export const relayVerifierOldHeapBytes = 16 * MiB;
export const relayVerifierYoungHeapBytes = 2 * MiB;

/**
 * Garbage is collected when messages have made about this much of it: each so many times its bytes, and so
 * much beside.
 */
export const relayGarbageBytesMax = 24 * MiB;
export const relayGarbageFactor = 4;
export const relayGarbageMessageBytes = 2 * KiB;

/**
 * What a relay takes of the line from its first connection on: the thread that verifies, garbage, events that
 * wait; and for each connection its filters, and what waits in either direction.
 */
export const relayFixedBytes = 16 * MiB;
export const relayConnectionBytes = 192 * KiB;
