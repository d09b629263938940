import type { SnapshotStorage } from "../../../src/ports/index.js";
import { pullStore, pushStore } from "../../../src/preparation/index.js";
import { mergeLast } from "../../live/live-layers.js";
import type { Folder } from "../../support/cli.js";
import { importHere, jsonl, seenHere } from "../../support/imports.js";

export interface Doc {
  id: number;
  rev: number;
  tag: string;
  text: string;
}

/** Columns, lists, words and keys; the later of two records with a key stays. */
export const docsMapping = `
version: 1
entities:
  Doc:
    key: id
    conflict: replace
    fields:
      id: { type: int, index: range }
      rev: { type: int, index: range }
      tag: { type: string, index: exact }
      text: { type: string, index: text }
`;

export interface Step {
  docs: readonly Doc[];
  isDeleting?: boolean;
  /** How many of the last segments become one behind it. */
  merged?: number;
}

let sources = 0;

export async function importDocs(folder: Folder, store: string, step: Step): Promise<void> {
  const source = `docs-${++sources}.jsonl`;
  folder.write(source, jsonl(step.docs));
  const here = { cwd: folder.path, store: folder.file(store), mapping: docsMapping };
  await importHere({ ...here, sources: [source], plan: { isDeleting: step.isDeleting ?? false } });
  await mergeLast(here.store, step.merged ?? 0);
}

/** What people see of a store, in the order of its records, and that nothing is wrong with it. */
export async function seenOf(path: string): Promise<{ lines: string[]; records: number }> {
  const { lines, stats, faults, verified } = await seenHere(path);
  if (faults.length > 0) throw new Error(`${path}: ${faults.join("\n")}`);
  return { lines, records: stats.records + verified.records };
}

export const owner = { name: "docs", instance: "one" } as const;

export interface CallOptions {
  storage: SnapshotStorage;
  partBytesMax?: number;
  instance?: string;
  keepMs?: number;
  former?: Awaited<ReturnType<typeof pushStore>>;
}

export async function push(path: string, { storage, ...options }: CallOptions) {
  const { signal } = new AbortController();
  return await pushStore(path, storage, { ...owner, signal, ...options });
}

export async function pull(path: string, storage: SnapshotStorage, from?: string) {
  const { signal } = new AbortController();
  return await pullStore(storage, path, { name: owner.name, signal, from });
}

/** A storage that fails for good at one of its steps, as one does whose process is gone. */
export function failingAt(storage: SnapshotStorage, step: number): SnapshotStorage & { steps: number } {
  const failing = {
    name: storage.name,
    capabilities: storage.capabilities,
    steps: 0,
    async *list(...parameters: Parameters<SnapshotStorage["list"]>) {
      for await (const object of storage.list(...parameters)) {
        tick();
        yield object;
      }
    },
    async *read(...parameters: Parameters<SnapshotStorage["read"]>) {
      for await (const chunk of storage.read(...parameters)) {
        tick();
        yield chunk;
      }
      tick();
    },
    async write(...[name, chunks, options]: Parameters<SnapshotStorage["write"]>) {
      tick();
      const written = await storage.write(name, ticking(chunks), options);
      tick();
      return written;
    },
    async remove(...parameters: Parameters<SnapshotStorage["remove"]>) {
      tick();
      await storage.remove(...parameters);
    },
    async [Symbol.asyncDispose]() {},
  };
  function tick() {
    failing.steps++;
    if (failing.steps >= step) throw new Error("the storage is gone");
  }
  async function* ticking(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      tick();
      yield chunk;
    }
  }
  return failing;
}
