import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { healthOf, snapshotView } from "./snapshots/index.js";

/**
 * `GET /healthz`: the process answers, and what it does with snapshots goes well. Nobody has to show a token
 * for it, so it says what fails and for how long, and nothing of where and whose.
 */
export async function getHealth({ response, snapshots }: Exchange): Promise<void> {
  if (!snapshots.isAny) {
    sendJson(response, 200, { status: "ok" });
    return;
  }
  const checks = snapshots.checks();
  const status = healthOf(checks);
  const nowMs = Date.now();
  const told = checks.map(({ name, state, sinceMs, code }) => ({
    name,
    state,
    ...(sinceMs === null ? {} : { seconds: Math.max(0, Math.round((nowMs - sinceMs) / 1000)) }),
    ...(code === null ? {} : { code }),
  }));
  sendJson(response, status === "failing" ? 503 : 200, { status, checks: told });
}

/** `GET /api/snapshots`: how syncs and the replica stand. */
export async function getSnapshots({ response, settings, snapshots }: Exchange): Promise<void> {
  sendJson(response, 200, snapshotView(snapshots, settings.storePath));
}
