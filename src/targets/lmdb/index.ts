import { existsSync } from "node:fs";
import { PlimsollError } from "../../kernel/index.js";
import type { StoreReader, Target, TargetOpenOptions, TargetSession } from "../../ports/index.js";
import { Environment } from "./environment.js";
import { inspectStore } from "./store-files.js";
import { LmdbStoreReader } from "./store-reader.js";
import { LmdbStoreSession, lmdbCapabilities } from "./store-session.js";

/** The embedded store: one folder, one LMDB environment, one writer, any number of readers. */
export function lmdbTarget(dir: string): Target {
  return {
    name: dir,
    capabilities: lmdbCapabilities,
    async open(options: TargetOpenOptions): Promise<TargetSession> {
      return new LmdbStoreSession(dir, options);
    },
  };
}

/**
 * Opens what was sealed last for reading; a writer in another process may go on meanwhile. Whoever will read
 * all of it says so: the disk is then read ahead.
 */
export async function openStoreReader(
  dir: string,
  options: { isReadWhole?: boolean } = {},
): Promise<StoreReader & AsyncDisposable> {
  if (!existsSync(dir) || inspectStore(dir) !== "store")
    throw new PlimsollError("STORE_ABSENT", { store: dir });
  const environment = new Environment(dir, { isReadOnly: true, ...options });
  let closed: Promise<void> | null = null;
  const reader = new LmdbStoreReader(environment, dir, {
    ownsEnvironment: true,
    onClose: () => {
      closed = environment.close();
    },
  });
  return Object.assign(reader, {
    async [Symbol.asyncDispose](): Promise<void> {
      reader.close();
      await closed;
    },
  });
}
