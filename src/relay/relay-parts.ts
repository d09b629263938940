import type { EventIntake } from "./event-intake.js";
import type { Tokens } from "./filter.js";
import type { GarbagePace } from "./garbage-pace.js";
import type { LiveFeed } from "./live-feed.js";
import type { RelayCounts } from "./relay-counts.js";
import type { StoreReadings } from "./store-readings.js";

/** What all connections share. */
export interface RelayParts {
  intake: EventIntake;
  feed: LiveFeed;
  readings: StoreReadings;
  counts: RelayCounts;
  garbage: GarbagePace;
  /** Throws when the memory line is near. */
  throwIfTight: () => void;
  tokens: Tokens;
  /** Of the filters of all subscriptions. */
  filterBytes: { taken: number };
  /** What a peer is told of an error. */
  describe: (error: unknown) => string;
}
