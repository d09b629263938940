import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MiB } from "../../src/kernel/index.js";
import { LiveLayer, type LiveOptions } from "../../src/live/index.js";
import type { Target, TargetSession } from "../../src/ports/index.js";
import { recordCheckOf } from "../../src/presets/index.js";
import { lmdbTarget, openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";

/** A live layer in this process, as a server has it; no note may come, but where a test takes them. */
export function openLayer(store: string, change: Partial<LiveOptions> = {}): Promise<LiveLayer> {
  return LiveLayer.open({
    storeName: store,
    dir: join(store, "live"),
    bytesMax: 8 * MiB,
    openReader: (onWanted) => openStoreReader(store, { onWanted }),
    openSession: () => openLiveSession(store),
    exclusively: (work) => work(),
    mergeSegments: async () => {},
    checkOf: (mapping) => recordCheckOf(mapping, false),
    note: (text) => {
      throw new Error(text);
    },
    ...change,
  });
}

const writingSteps = [
  "append",
  "commit",
  "flush",
  "rollback",
  "dropSegments",
  "appendTupleBlock",
  "appendKeyBlock",
  "publish",
] as const;

/**
 * The files of a store as they are before and after every step of a writer: what a kill at that moment leaves.
 * Locks are left out, because this process lives.
 */
export class Copies {
  readonly paths: string[] = [];
  readonly #store: string;

  constructor(store: string) {
    this.#store = store;
  }

  take(step: string): void {
    const path = `${this.#store}-${this.paths.length}-${step}`;
    cpSync(this.#store, path, { recursive: true });
    for (const name of ["writer.lock", "lock.mdb", "live/writer.lock"]) {
      rmSync(join(path, name), { force: true });
    }
    this.paths.push(path);
  }

  /** The same session, which is copied as it goes. */
  watch(session: TargetSession): TargetSession {
    for (const step of writingSteps) {
      const carryOut = session[step].bind(session) as (...words: unknown[]) => Promise<unknown>;
      const watched = async (...words: unknown[]) => {
        const result = await carryOut(...words);
        this.take(step);
        return result;
      };
      Object.assign(session, { [step]: watched });
    }
    return session;
  }

  /** A target whose sessions are copied. */
  target(): Target {
    const target = lmdbTarget(this.#store);
    return { ...target, open: async (options) => this.watch(await target.open(options)) };
  }
}
