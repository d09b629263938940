import type { SyncRequest } from "../../preparation/index.js";
import type { SyncStatus } from "../../snapshots/index.js";
import { codeOf, type HealthCheck, type HealthThresholds, stateAfter } from "./health.js";

export type HealthSettings = SyncRequest["config"]["health"];

/** The checks of Lightning Stream, and the work that each of them is about. */
const storageChecks = [
  ["storage_list", "list"],
  ["storage_load", "merge"],
  ["storage_store", "send"],
] as const;

/** How a sync of one database goes, by the settings that its file has for that. */
export function checksOfSync(status: SyncStatus, settings: HealthSettings, nowMs: number): HealthCheck[] {
  const { failing, awaited, startedAtMs } = status;
  const isStarted = awaited !== null && awaited.length === 0;
  const storage = storageChecks.map(([name, work]): HealthCheck => {
    const found = failing.find((one) => one.work === work);
    // A storage that does not answer at all fails nothing.
    const sinceMs = found?.sinceMs ?? (work === "list" && status.work === work ? status.workSinceMs : null);
    if (sinceMs === null) return { name, state: "ok", sinceMs, code: null };
    const state = stateAfter(nowMs - sinceMs, thresholdsOf(settings[name]));
    if (found === undefined && state === "ok") return { name, state, sinceMs: null, code: null };
    return { name, state, sinceMs, code: codeOf(found?.error) };
  });
  return isStarted ? storage : [...storage, startCheck(settings.start, startedAtMs, nowMs)];
}

/** Not all that was there at the start is merged; unless the file asks for it, that only shows. */
function startCheck(settings: HealthSettings["start"], sinceMs: number, nowMs: number): HealthCheck {
  const judged = settings.report_healthz ? stateAfter(nowMs - sinceMs, thresholdsOf(settings)) : "ok";
  return { name: "start", state: judged === "ok" ? "starting" : judged, sinceMs, code: null };
}

function thresholdsOf(settings: { warn_duration: number; error_duration: number }): HealthThresholds {
  return { warnMs: settings.warn_duration, errorMs: settings.error_duration };
}
