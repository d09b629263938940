import { SyncPlan } from "../../src/snapshots/sync/sync-plan.js";

interface Entry {
  atMs: number;
  /** Null for a deletion. */
  value: string | null;
}

type Content = Map<string, Entry>;

/** The rule as simply as it can be said: later wins, then a deletion, then the lower value. */
function wins(entry: Entry, over: Entry | undefined): boolean {
  if (over === undefined || entry.atMs !== over.atMs) return over === undefined || entry.atMs > over.atMs;
  return (entry.value ?? "") < (over.value ?? "");
}

function take(into: Content, key: string, entry: Entry): boolean {
  if (!wins(entry, into.get(key))) return false;
  into.set(key, entry);
  return true;
}

interface Stored {
  content: Content;
}

interface Machine {
  instance: string;
  content: Content;
  txnId: number;
  plan: SyncPlan;
  clockMs: number;
  wakeAtMs: number;
  isCut: boolean;
  firstSeen: Map<string, number>;
}

export interface HistoryCounts {
  kills: number;
  disksLost: number;
  lostAcks: number;
  staleListings: number;
  cuts: number;
  cleaned: number;
  merges: number;
}

/**
 * Plays some minutes of up to four instances that write, are cut off, are killed in mid-merge and see old
 * listings; then all are well, and what each of them holds is handed back beside what the writes themselves
 * come to.
 */
export function playHistory(seed: number): { states: string[]; expected: string; counts: HistoryCounts } {
  const random = seeded(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const counts: HistoryCounts = {
    kills: 0,
    disksLost: 0,
    lostAcks: 0,
    staleListings: 0,
    cuts: 0,
    cleaned: 0,
    merges: 0,
  };
  const stored = new Map<string, Stored>();
  /** What the storage held at former moments, for listings that lag behind. */
  const former: string[][] = [];
  const truth: Content = new Map();
  let nowMs = 0;

  const planFor = (instance: string) =>
    new SyncPlan(
      {
        instance,
        databasePollMs: 1000,
        storagePollMs: 1000 + pick(3) * 1000,
        retryMs: 2000,
        forceSnapshotMs: pick(2) * 30_000,
        cleanMs: pick(2) * 10_000,
        sweepMs: 0,
        firstSweepMs: 0,
        isOnce: false,
        isReceiveOnly: false,
        failuresMax: null,
        mergeSnapshotsMax: 1 + pick(3),
        retryMsMax: 10_000,
        random,
      },
      nowMs,
    );
  const machines = Array.from({ length: 2 + pick(3) }, (_, index): Machine => {
    const instance = String.fromCharCode(97 + index);
    return {
      instance,
      content: new Map(),
      txnId: 0,
      plan: planFor(instance),
      clockMs: (pick(3) - 1) * pick(20_000),
      wakeAtMs: 0,
      isCut: false,
      firstSeen: new Map(),
    };
  });
  const nameAt = (machine: Machine, after: string | null) => {
    const own = after === null ? 0 : Number(after.slice(1)) + 1;
    return `${machine.instance}${String(Math.max(own, 1e6 + nowMs + machine.clockMs)).padStart(10, "0")}`;
  };
  const restart = (machine: Machine) => {
    counts.kills++;
    machine.plan = planFor(machine.instance);
    machine.firstSeen.clear();
    // Now and then its disk is lost, with nothing on it that was not sent.
    const newest = [...stored.keys()]
      .filter((name) => name[0] === machine.instance)
      .sort()
      .at(-1);
    const sent = newest === undefined ? undefined : stored.get(newest)!.content;
    const isAllSent = [...machine.content].every(([key, entry]) => sent?.get(key) === entry);
    if (!isAllSent || pick(2) === 0) return;
    counts.disksLost++;
    machine.content = new Map();
    machine.txnId = 0;
  };
  const merge = (machine: Machine, names: readonly string[], isKilled: boolean): number => {
    let own = 0;
    for (const name of names) {
      const entries = [...stored.get(name)!.content];
      const upTo = isKilled ? pick(entries.length + 1) : entries.length;
      let changed = 0;
      for (const [key, entry] of entries.slice(0, upTo)) changed += take(machine.content, key, entry) ? 1 : 0;
      if (changed > 0) own++;
    }
    machine.txnId += own;
    return own;
  };
  const clean = (machine: Machine, mustKeepMs: number) => {
    const newest = new Map([...stored.keys()].sort().map((name) => [name[0]!, name]));
    for (const [name] of stored) {
      const seenAtMs = machine.firstSeen.get(name);
      if (seenAtMs === undefined) machine.firstSeen.set(name, nowMs);
      else if (nowMs - seenAtMs > mustKeepMs && newest.get(name[0]!) !== name) {
        stored.delete(name);
        counts.cleaned++;
      }
    }
    // An instance that has been away for long goes when what it sent is in a snapshot of ours.
    for (const [instance, name] of newest) {
      const seenAtMs = machine.firstSeen.get(name);
      const isCommitted = machine.plan.committed.get(instance) === name && instance !== machine.instance;
      if (seenAtMs === undefined || nowMs - seenAtMs <= 40_000 || !isCommitted) continue;
      if (stored.delete(name)) counts.cleaned++;
    }
  };
  const listing = (isTroubled: boolean): string[] => {
    const lag = isTroubled && pick(6) === 0 ? former[former.length - 1 - pick(3)] : undefined;
    if (lag !== undefined) counts.staleListings++;
    const names = lag ?? [...stored.keys()];
    return isTroubled ? names.sort(() => random() - 0.5) : names;
  };
  const act = (machine: Machine, isTroubled: boolean) => {
    const { plan } = machine;
    const action = plan.next(nowMs, machine.txnId);
    const isLost = machine.isCut || (isTroubled && pick(12) === 0);
    const isKilled = isTroubled && pick(15) === 0;
    if (action.kind === "wait") machine.wakeAtMs = nowMs + action.ms;
    else if (action.kind === "list") {
      if (isLost) return plan.failed("list", new Error("cut off"), nowMs);
      const names = listing(isTroubled);
      plan.listed(
        names.map((name) => ({ instance: name[0]!, name })),
        nowMs,
      );
    } else if (action.kind === "merge") {
      const names = action.snapshots.map(({ name }) => name);
      if (isLost || names.some((name) => !stored.has(name))) {
        return plan.failed("merge", new Error("cut off"), nowMs);
      }
      counts.merges++;
      const ownTransactions = merge(machine, names, isKilled);
      if (isKilled) return restart(machine);
      plan.mergedAll({ snapshots: action.snapshots, txnId: machine.txnId, ownTransactions });
    } else if (action.kind === "send") {
      const name = nameAt(machine, action.after);
      const isAckLost = isTroubled && pick(10) === 0;
      if (!isLost || isAckLost) stored.set(name, { content: new Map(machine.content) });
      former.push([...stored.keys()]);
      if (isAckLost) counts.lostAcks++;
      if (isKilled) return restart(machine);
      if (isLost || isAckLost) return plan.failed("send", new Error("cut off"), nowMs);
      plan.sent(name, machine.txnId, nowMs);
    } else if (action.kind === "clean") {
      if (!isLost) clean(machine, 5000);
      plan.cleaned(nowMs);
    } else throw new Error(`nobody asked for ${action.kind}`);
  };
  const write = (machine: Machine) => {
    const key = `key ${pick(12)}`;
    const entry = { atMs: 1e6 + nowMs + machine.clockMs, value: pick(4) === 0 ? null : `value ${pick(5)}` };
    machine.txnId++;
    // The application looks at nothing: what it writes takes its place, and is what it is by its own clock.
    if (!wins(entry, machine.content.get(key))) return;
    machine.content.set(key, entry);
    take(truth, key, entry);
  };

  const runUntil = (endMs: number, isTroubled: boolean) => {
    while (nowMs < endMs) {
      for (const machine of machines) {
        if (isTroubled && pick(40) === 0) {
          machine.isCut = !machine.isCut;
          counts.cuts++;
        }
        if (!isTroubled) machine.isCut = false;
        if (isTroubled && pick(10) === 0) write(machine);
        for (let steps = 0; machine.wakeAtMs <= nowMs && steps < 20; steps++) act(machine, isTroubled);
      }
      nowMs += 500;
    }
  };
  runUntil(40_000 + pick(80_000), true);
  runUntil(nowMs + 60_000, false);
  return { states: machines.map(({ content }) => stateOf(content)), expected: stateOf(truth), counts };
}

function stateOf(content: Content): string {
  return JSON.stringify([...content].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function seeded(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
