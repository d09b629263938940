import { isPlimsollError } from "../../kernel/index.js";

/** How a part of the server's work with snapshots goes: `starting` has not failed yet, and not been done. */
export type CheckState = "starting" | "ok" | "degraded" | "failing";

export interface HealthCheck {
  name: string;
  state: CheckState;
  /** Milliseconds since 1970; null while it goes well. */
  sinceMs: number | null;
  /** Of the last error; null for what has none. */
  code: string | null;
}

/** After how long a failure counts. */
export interface HealthThresholds {
  warnMs: number;
  errorMs: number;
}

export function stateAfter(failingMs: number, { warnMs, errorMs }: HealthThresholds): CheckState {
  if (failingMs >= errorMs) return "failing";
  return failingMs >= warnMs ? "degraded" : "ok";
}

/** The worst of several of one name: there is one for each database. */
export function worstOf(checks: readonly HealthCheck[]): HealthCheck[] {
  const worst = new Map<string, HealthCheck>();
  for (const check of checks) {
    const former = worst.get(check.name);
    if (former === undefined || rankOf(check) > rankOf(former)) worst.set(check.name, check);
  }
  return [...worst.values()];
}

/** What all of them come to; what has only begun is no reason to look. */
export function healthOf(checks: readonly HealthCheck[]): "ok" | "degraded" | "failing" {
  const states = checks.map(({ state }) => state);
  if (states.includes("failing")) return "failing";
  return states.includes("degraded") ? "degraded" : "ok";
}

function rankOf({ state, sinceMs }: HealthCheck): number {
  // Of two that are as bad the one that fails is told, though it may not be long enough yet.
  const ranks: Record<CheckState, number> = { ok: 0, starting: 2, degraded: 4, failing: 6 };
  return ranks[state] + (sinceMs === null ? 0 : 1);
}

export function codeOf(error: unknown): string | null {
  return isPlimsollError(error) ? error.code : null;
}
