import { getJson } from "../api/client.js";
import { isUnreachable, problemOf } from "../api/failure.js";
import type { Snapshots } from "../api/snapshot-types.js";
import { byId, el, replace } from "../dom.js";
import { snapshotsMs, snapshotsMsMin } from "../limits.js";
import { announce } from "../shell/announce.js";
import { problemBox } from "../shell/problem-box.js";
import { replicaView } from "./replica-view.js";
import { syncView } from "./sync-view.js";
import { Times } from "./times.js";

export interface SnapshotPanelHost {
  onUnreachable: () => void;
}

const words = { ok: "Healthy", degraded: "Degraded", failing: "Failing" } as const;
const states = { ok: "complete", degraded: "interrupted", failing: "failed" } as const;

/**
 * Syncs and the replica of the server, where it has any. Asked for when something changes, and now and then
 * while it is looked at, since ages grow by themselves.
 */
export class SnapshotPanel {
  readonly #host: SnapshotPanelHost;
  readonly #panel = byId("snapshots");
  #status: Snapshots["status"] = null;
  #askedAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;

  constructor(host: SnapshotPanelHost) {
    this.#host = host;
    addEventListener("visibilitychange", () => {
      if (!document.hidden && !this.#panel.hidden) this.#askIn(0);
    });
  }

  async refresh(): Promise<void> {
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    this.#askedAtMs = Date.now();
    try {
      this.#draw(await getJson<Snapshots>("/api/snapshots"));
    } catch (error) {
      if (isUnreachable(error)) this.#host.onUnreachable();
      else replace(byId("snapshots-problem"), problemBox(problemOf(error)));
    } finally {
      this.#isAsking = false;
    }
    if (!this.#panel.hidden && !document.hidden) this.#askIn(snapshotsMs);
  }

  /** Something is otherwise than before. */
  hear(): void {
    if (!document.hidden) this.#askIn(Math.max(0, this.#askedAtMs + snapshotsMsMin - Date.now()));
  }

  #askIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), ms);
  }

  #draw(snapshots: Snapshots): void {
    const { status, sync, replica } = snapshots;
    replace(byId("snapshots-problem"));
    this.#panel.hidden = status === null;
    if (status === null) return;
    const times = new Times(snapshots.at);
    replace(
      byId("snapshots-status"),
      el("span", { class: "state", "data-state": states[status] }, words[status]),
    );
    replace(
      byId("snapshots-body"),
      ...(replica === null ? [] : replicaView(replica, times)),
      ...(sync === null ? [] : syncView(sync, times)),
    );
    if (this.#status !== null && this.#status !== status) announce(`Snapshots: ${words[status]}`);
    this.#status = status;
  }
}
