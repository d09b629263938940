import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MiB } from "../../src/kernel/index.js";
import { Folding } from "../../src/live/folding.js";
import { LiveLayer, type LiveOptions } from "../../src/live/index.js";
import { LiveLoader } from "../../src/live/live-loader.js";
import type { TargetSession } from "../../src/ports/index.js";
import { recordCheckOf } from "../../src/presets/index.js";
import { openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";

/** A live layer in this process, as a server has it; no note may come, but where a test takes them. */
export function openLayer(store: string, change: Partial<LiveOptions> = {}): Promise<LiveLayer> {
  return LiveLayer.open({ ...optionsOf(store), ...change });
}

function optionsOf(store: string): LiveOptions {
  return {
    storeName: store,
    dir: join(store, "live"),
    bytesMax: 8 * MiB,
    openReader: (onWanted) => openStoreReader(store, { onWanted }),
    openSession: () => openLiveSession(store),
    exclusively: (work) => work(),
    checkOf: (mapping) => recordCheckOf(mapping, false),
    note: (text) => {
      throw new Error(text);
    },
  };
}

/** The last segments become one, as a layer does it when there are more of them. */
export async function mergeLast(store: string, last = 2, change: Partial<LiveOptions> = {}): Promise<void> {
  let isDue = true;
  const segmentsToMerge: LiveOptions["segmentsToMerge"] = (segments) => {
    if (!isDue || last < 2 || segments.length < 2) return null;
    isDue = false;
    return segments.slice(-last).map(({ number }) => number);
  };
  const folding = new Folding({
    options: { ...optionsOf(store), segmentsToMerge, ...change },
    loader: new LiveLoader(),
    isPartWaiting: () => false,
    isClosed: () => false,
    withState: () => Promise.reject(new Error("there is no part to fold")),
    publish: async (publication) => {
      await publication();
    },
  });
  await folding.run();
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
}
