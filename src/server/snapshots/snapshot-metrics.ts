import type { SyncStatus } from "../../snapshots/index.js";
import { counter, gauge, labelsOf, metric, type Sample } from "../metric-text.js";
import type { CheckState } from "./health.js";
import type { ReplicaService } from "./replica-service.js";
import { ageSeconds, shownInstances } from "./snapshot-view.js";
import type { SnapshotWork } from "./snapshot-work.js";
import type { SyncService } from "./sync-service.js";

const healthValues: Record<CheckState, number> = { starting: 0, ok: 0, degraded: 1, failing: 2 };

/** Nothing where the server has nothing to do with snapshots. */
export function snapshotMetrics(work: SnapshotWork): string[] {
  if (!work.isAny) return [];
  const health = work
    .checks()
    .map(({ name, state }): Sample => [labelsOf({ check: name }), healthValues[state]]);
  return [
    metric("snapshot_health", "gauge", "0 where it goes well, 1 degraded, 2 failing.", health),
    ...(work.sync === null ? [] : syncMetrics(work.sync)),
    ...(work.replica === null ? [] : replicaMetrics(work.replica)),
  ];
}

function syncMetrics(sync: SyncService): string[] {
  const { statuses, leases } = sync;
  const nowMs = Date.now();
  const each = (read: (status: SyncStatus) => number | null): Sample[] =>
    statuses.flatMap((status) => sampleOf({ database: status.database }, read(status)));
  const total = (name: string, help: string, read: (status: SyncStatus) => number) =>
    counter(`snapshots_${name}_total`, help, each(read));
  const now = (name: string, help: string, read: (status: SyncStatus) => number | null) =>
    metric(name, "gauge", help, each(read));
  const failures = statuses.flatMap(({ database, counts }) =>
    Object.entries(counts.failures).flatMap(([work, count]) => sampleOf({ database, work }, count)),
  );
  return [
    total("stored", "Snapshots sent.", ({ counts }) => counts.sends),
    total("stored_bytes", "Bytes of them.", ({ counts }) => counts.sentBytes),
    total("loaded", "Snapshots merged.", ({ counts }) => counts.mergedSnapshots),
    total("loaded_bytes", "Bytes read for that.", ({ counts }) => counts.mergedBytes),
    total("loaded_entries", "Entries looked at for that.", ({ counts }) => counts.mergedEntries),
    total("listings", "Listings of the storage.", ({ counts }) => counts.lists),
    total("cleaned", "Snapshots taken away that nobody needs.", ({ counts }) => counts.cleaned),
    total("swept_entries", "Deleted entries removed for good.", ({ counts }) => counts.swept),
    counter("snapshots_failed_total", "Attempts that failed, by work.", failures),
    counter("snapshot_sync_ended_total", "Syncs that ended and were begun again.", [["", sync.endings]]),
    now("snapshots_unreadable", "Snapshots that cannot be read.", ({ unreadable }) => unreadable.size),
    now("snapshots_in_storage", "Snapshots in the last listing.", ({ stored }) => stored.snapshots),
    now("snapshots_in_storage_bytes", "Bytes of them.", ({ stored }) => stored.bytes),
    now("snapshot_list_age_seconds", "Time since the last listing.", ({ listedAtMs }) =>
      listedAtMs === null ? null : ageSeconds(listedAtMs, nowMs),
    ),
    now("snapshot_instances", "Instances that were seen.", ({ instances }) => instances.length),
    ...instanceMetrics(statuses, nowMs),
    gauge("snapshot_lease_bytes", "What snapshots that are read now hold of the line.", leases.usedBytes),
    gauge("snapshot_lease_bytes_max", "What they may hold.", leases.bytesMax),
    gauge("snapshot_lease_waiting", "Databases that wait for a lease.", leases.waiting),
  ];
}

/** Of an instance each; of many the ones that tell most, so that labels have a bound. */
function instanceMetrics(statuses: readonly SyncStatus[], nowMs: number): string[] {
  const shown = statuses.flatMap((status) =>
    shownInstances(status).map((one) => ({ database: status.database, ...one })),
  );
  const each = (name: string, help: string, read: (one: (typeof shown)[number]) => number | null) => {
    const samples = shown.flatMap((one) => {
      const { database, instance } = one;
      return sampleOf({ database, instance }, read(one));
    });
    return metric(name, "gauge", help, samples);
  };
  return [
    each("snapshot_age_seconds", "Age of the newest snapshot of an instance.", ({ takenAtMs }) =>
      takenAtMs === null ? null : ageSeconds(takenAtMs, nowMs),
    ),
    each("snapshot_bytes", "Its size.", ({ bytes }) => bytes),
    each("snapshot_merged", "Whether it is merged.", ({ seen, merged }) => (seen === merged ? 1 : 0)),
  ];
}

function replicaMetrics({ counts, currentAtMs, isPulling, lastPull }: ReplicaService): string[] {
  const nowMs = Date.now();
  const total = (name: string, help: string, value: number) =>
    counter(`replica_${name}_total`, help, [["", value]]);
  const age = (name: string, help: string, atMs: number | null | undefined) =>
    metric(name, "gauge", help, sampleOf({}, atMs == null ? null : ageSeconds(atMs, nowMs)));
  return [
    total("looks", "Looks for something new.", counts.looks),
    total("pulls", "States that were pulled.", counts.pulls),
    total("failures", "Attempts that failed.", counts.failures),
    total("parts", "Parts that were read.", counts.parts),
    total("bytes", "Bytes of them.", counts.bytes),
    gauge("replica_pulling", "Whether a pull is under way.", isPulling ? 1 : 0),
    age("replica_state_age_seconds", "Time since what is served was pushed.", lastPull?.pushedAtMs),
    age("replica_current_age_seconds", "Time since there was nothing newer.", currentAtMs),
  ];
}

function sampleOf(labels: Readonly<Record<string, string>>, value: number | null): Sample[] {
  if (value === null) return [];
  return [[Object.keys(labels).length === 0 ? "" : labelsOf(labels), value]];
}
