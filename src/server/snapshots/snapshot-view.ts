import { shownInstancesMax, shownUnreadableMax } from "../../kernel/index.js";
import type { InstanceStatus, SyncStatus, WorkDone } from "../../snapshots/index.js";
import { failureOf, withoutPaths } from "../failure.js";
import { healthOf } from "./health.js";
import type { ReplicaService, ReplicaTrouble } from "./replica-service.js";
import type { SnapshotWork } from "./snapshot-work.js";
import type { SyncService } from "./sync-service.js";

/** All that is known of the server's snapshots, for `GET /api/snapshots`. Its size has bounds. */
export function snapshotView(work: SnapshotWork, storePath: string): object {
  const checks = work.checks();
  return {
    at: timeOf(Date.now()),
    status: work.isAny ? healthOf(checks) : null,
    checks: checks.map(({ name, state, sinceMs, code }) => ({ name, state, since: timeOf(sinceMs), code })),
    sync: work.sync === null ? null : syncView(work.sync, storePath),
    replica: work.replica === null ? null : replicaView(work.replica, storePath),
  };
}

/** Those that tell most, where there are more than can be told: this one, those that are behind, by name. */
export function shownInstances({ instances }: SyncStatus): InstanceStatus[] {
  if (instances.length <= shownInstancesMax) return instances;
  const rankOf = (one: InstanceStatus) => (one.isOwn ? 0 : one.merged === one.seen ? 2 : 1);
  return instances.sort((left, right) => rankOf(left) - rankOf(right)).slice(0, shownInstancesMax);
}

export function ageSeconds(atMs: number, nowMs: number): number {
  return Math.max(0, Math.round((nowMs - atMs) / 100) / 10);
}

function syncView(sync: SyncService, storePath: string): object {
  const { storageName, leases, trouble, statuses, settings } = sync;
  return {
    instance: settings.request.instance,
    storage: withoutPaths(storageName, storePath),
    leases,
    trouble:
      trouble === null ? null : { ...troubleView(trouble, storePath), retryAt: timeOf(trouble.retryAtMs) },
    databases: statuses.map((status) => databaseView(status, storePath)),
  };
}

function databaseView(status: SyncStatus, storePath: string): object {
  const { instances, awaited, counts, unreadable } = status;
  const nowMs = Date.now();
  return {
    database: status.database,
    work: status.work,
    workSince: timeOf(status.workSinceMs),
    startedAt: timeOf(status.startedAtMs),
    isStarted: awaited?.length === 0,
    listedAt: timeOf(status.listedAtMs),
    nextListAt: timeOf(status.dueAtMs("list")),
    stored: status.stored,
    instancesTotal: instances.length,
    instances: shownInstances(status).map((one) => instanceView(one, nowMs)),
    lastSend: doneView(status.lastSend),
    lastMerge: doneView(status.lastMerge),
    failing: status.failing.map(({ work, count, sinceMs, retryAtMs, error }) => ({
      work,
      count,
      since: timeOf(sinceMs),
      retryAt: timeOf(retryAtMs),
      error: failureOf(error, storePath).error,
    })),
    unreadableTotal: unreadable.size,
    unreadable: [...unreadable]
      .slice(0, shownUnreadableMax)
      .map(([name, message]) => ({ name, message: withoutPaths(message, storePath) })),
    cleaner: upkeepView(status.dueAtMs("clean"), status.cleanedAtMs, counts.cleaned),
    sweeper: upkeepView(status.dueAtMs("sweep"), status.sweptAtMs, counts.swept),
    counts,
  };
}

function instanceView({ instance, isOwn, seen, merged, takenAtMs, bytes }: InstanceStatus, nowMs: number) {
  return {
    instance,
    isOwn,
    snapshot: seen,
    takenAt: timeOf(takenAtMs),
    ageSeconds: takenAtMs === null ? null : ageSeconds(takenAtMs, nowMs),
    bytes,
    merged,
    isMerged: seen === null || seen === merged,
  };
}

function doneView(done: WorkDone | null): object | null {
  if (done === null) return null;
  const { atMs, ...what } = done;
  return { at: timeOf(atMs), ...what };
}

/** Null where it is turned off. */
function upkeepView(nextAtMs: number | null, lastAtMs: number | null, removed: number): object | null {
  return nextAtMs === null ? null : { lastAt: timeOf(lastAtMs), nextAt: timeOf(nextAtMs), removed };
}

function replicaView(replica: ReplicaService, storePath: string): object {
  const { storageName, settings, currentAtMs, nextAtMs, lastPull, progress, trouble, counts } = replica;
  const nowMs = Date.now();
  return {
    storage: withoutPaths(storageName, storePath),
    everySeconds: settings.everyMs / 1000,
    isPulling: replica.isPulling,
    progress,
    currentAt: timeOf(currentAtMs),
    nextAt: timeOf(nextAtMs),
    state:
      lastPull === null
        ? null
        : {
            snapshot: lastPull.manifest,
            instance: lastPull.instance,
            pushedAt: timeOf(lastPull.pushedAtMs),
            ageSeconds: ageSeconds(lastPull.pushedAtMs, nowMs),
            pulledAt: timeOf(lastPull.atMs),
            seconds: lastPull.seconds,
            records: lastPull.records,
            parts: lastPull.parts,
            partsRead: lastPull.partsRead,
            bytesRead: lastPull.bytesRead,
          },
    trouble: trouble === null ? null : troubleView(trouble, storePath),
    counts,
  };
}

function troubleView({ error, count, sinceMs }: ReplicaTrouble, storePath: string) {
  return { error: failureOf(error, storePath).error, count, since: timeOf(sinceMs) };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
