/** What a cleaner knows of one snapshot when it judges it. */
export interface JudgedSnapshot {
  name: string;
  instance: string;
  /** When it was taken, by the clock of its instance. */
  takenMs: number;
  /** Since this cleaner saw it first, by a clock that only rises. */
  seenForMs: number;
  /** The same of the next one of its instance; null for the newest. */
  successorSeenForMs: number | null;
}

export interface CleaningRules {
  /**
   * A snapshot stays for so long after it was seen first, and after a newer one was: somebody may be reading
   * it.
   */
  mustKeepMs: number;
  /** The newest of an instance that has been silent for so long may go; with 0 never. */
  oldInstanceMs: number;
}

export interface CleaningState {
  wallMs: number;
  /** Whose newest snapshot always stays. */
  ownInstance: string | null;
  /** The newest snapshot of each instance that is contained in our own last one. */
  committed: ReadonlyMap<string, string>;
  /** Our own newest snapshot is in the storage: what it contains is not lost. */
  isOwnStored: boolean;
}

/** Whether nobody needs a snapshot any more. In doubt it is kept. */
export function isRemovable(
  snapshot: JudgedSnapshot,
  { mustKeepMs, oldInstanceMs }: CleaningRules,
  state: CleaningState,
): boolean {
  if (snapshot.seenForMs <= mustKeepMs) return false;
  if (snapshot.successorSeenForMs !== null) return snapshot.successorSeenForMs > mustKeepMs;
  if (oldInstanceMs === 0 || snapshot.instance === state.ownInstance) return false;
  // An instance whose clock is ahead seems to be young, and is kept for longer.
  if (state.wallMs - snapshot.takenMs <= oldInstanceMs) return false;
  const committed = state.committed.get(snapshot.instance);
  return state.isOwnStored && committed !== undefined && committed >= snapshot.name;
}
