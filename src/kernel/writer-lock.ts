import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { PlimsollError } from "./errors.js";

interface Holder {
  pid: number;
  /** Start time of the process in clock ticks since boot: a pid alone may have been dealt again. */
  startTicks: string | null;
}

/**
 * One writer a store, for as long as the import lasts (a database's own lock covers a transaction only). The
 * lock is a file made by `link`, which either makes it or fails; one left by a process that is gone is taken
 * over.
 */
export class WriterLock implements Disposable {
  readonly #path: string;
  #isHeld = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `store` is what the lock is for, in the message to whoever comes second. */
  static acquire(path: string, store: string): WriterLock {
    const own = `${path}.${process.pid}`;
    writeFileSync(
      own,
      JSON.stringify({ pid: process.pid, startTicks: startTicksOf(process.pid) } satisfies Holder),
    );
    try {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        if (tryLink(own, path)) return new WriterLock(path);
        const holder = readHolder(path);
        if (holder !== null && isAlive(holder)) {
          throw new PlimsollError("STORE_LOCKED", { store, pid: holder.pid });
        }
        takeAway(path, holder, `${own}.left`);
      }
      throw new PlimsollError("STORE_LOCKED", { store, pid: "another" });
    } finally {
      rmSync(own, { force: true });
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    rmSync(this.#path, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. Two may do so at once: what was moved away is looked at, and
 * put back when it is no longer the lock that was found dead.
 */
function takeAway(path: string, dead: Holder | null, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (JSON.stringify(readHolder(aside)) !== JSON.stringify(dead)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return holder.startTicks === startTicksOf(holder.pid);
}

/**
 * Fields 3 and 22 of /proc/PID/stat; the command name before them may hold blanks and brackets. A process
 * that was killed and not yet waited for (Z) is gone for our purposes. Null without /proc.
 */
export function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "gone" : (fields[19] ?? null);
  } catch {
    return null;
  }
}
