import { setImmediate } from "node:timers/promises";
import {
  liveCommitBytes,
  liveCommitRecords,
  liveGatherMsMax,
  liveGatherQuietMs,
  liveWaitingBytesMax,
  liveWaitMsMax,
  liveWritesWaitingMax,
  PlimsollError,
  systemClock,
} from "../kernel/index.js";
import type { LoggedRecord } from "./live-log.js";
import type { WriteOutcome } from "./live-state.js";

export interface PendingWrite {
  records: readonly LoggedRecord[];
  bytes: number;
  resolve: (outcomes: WriteOutcome[]) => void;
  reject: (error: unknown) => void;
  timer: NodeJS.Timeout;
}

/** Writes that wait for their commit: bounded in number, bytes and time. */
export class WriteQueue {
  #waiting: PendingWrite[] = [];
  #bytes = 0;
  /** Writes of the last commit, and those that waited beside it. */
  #writesExpected = 0;

  get length(): number {
    return this.#waiting.length;
  }

  add(records: readonly LoggedRecord[]): Promise<WriteOutcome[]> {
    const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0);
    const isFull = this.#waiting.length >= liveWritesWaitingMax || this.#bytes + bytes > liveWaitingBytesMax;
    if (isFull && this.#waiting.length > 0) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const late = () => {
        this.#waiting = this.#waiting.filter((write) => write !== pending);
        this.#bytes -= bytes;
        reject(busy());
      };
      const pending = { records, bytes, resolve, reject, timer: setTimeout(late, liveWaitMsMax) };
      this.#waiting.push(pending);
      this.#bytes += bytes;
    });
  }

  /**
   * Waits a moment for as many writes as there were at the last commit: those who have just been answered
   * write again. Without it connections part into groups, each of which waits for the commits of the others,
   * and a commit costs much the same whatever is in it.
   */
  async gather(): Promise<void> {
    const startMs = systemClock.nowMs();
    let lastMs = startMs;
    let count = this.length;
    while (this.length < this.#writesExpected && this.#bytes < liveCommitBytes) {
      await setImmediate();
      const nowMs = systemClock.nowMs();
      if (this.length > count) lastMs = nowMs;
      count = this.length;
      if (nowMs - lastMs >= liveGatherQuietMs || nowMs - startMs >= liveGatherMsMax) return;
    }
  }

  /** What goes into the next commit: the first whatever its size, then what fits. */
  take(): PendingWrite[] {
    let [count, records, bytes] = [0, 0, 0];
    for (const write of this.#waiting) {
      records += write.records.length;
      bytes += write.bytes;
      if (count > 0 && (records > liveCommitRecords || bytes > liveCommitBytes)) break;
      count++;
    }
    this.#writesExpected = this.#waiting.length;
    const writes = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const write of writes) {
      this.#bytes -= write.bytes;
      clearTimeout(write.timer);
    }
    return writes;
  }

  rejectAll(error: unknown): void {
    for (const { timer, reject } of this.#waiting) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting = [];
    this.#bytes = 0;
  }
}

function busy(): PlimsollError {
  return new PlimsollError("SERVER_BUSY", { what: "one more record" });
}
