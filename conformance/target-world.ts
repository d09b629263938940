import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { isPlimsollError } from "../src/kernel/index.js";
import { compileMapping, mergeMappings } from "../src/mapping/index.js";
import type { CompiledMapping } from "../src/model/index.js";
import type { BatchParts, SealedState, StoreReader, TargetSession } from "../src/ports/index.js";
import type { TargetSubject } from "./target.js";

/** One entity with a column (index 1) and a list without one (index 2). */
export const thingMapping = compileMapping({
  version: 1,
  entities: {
    Thing: { fields: { size: { type: "int", index: "range" }, name: { type: "string", index: "exact" } } },
  },
});

export const otherMapping = compileMapping({
  version: 1,
  entities: { Other: { fields: { name: { type: "string", index: "exact" } } } },
});

export const transactionBytes = 64 * 1024;
export const mappedBytes = 1024 * 1024;

export function openSession(
  subject: TargetSubject,
  folder: string,
  mapping = thingMapping,
): Promise<TargetSession> {
  return subject.make(folder).open({
    mergeMapping: (stored: CompiledMapping | null) => mergeMappings(stored, mapping),
    tempDir: null,
    transactionBytes,
    mappedBytes,
    signal: new AbortController().signal,
  });
}

/** Opens, works and closes. */
export async function withSession<T>(
  subject: TargetSubject,
  folder: string,
  work: (session: TargetSession) => Promise<T>,
): Promise<T> {
  await using session = await openSession(subject, folder);
  return await work(session);
}

/** Bytes that tell where they belong. */
export function bytesOf(text: string, length = 100): Uint8Array {
  return Buffer.alloc(length, `${text};`);
}

/** A batch of ten ids from `firstId` on: a block, a chunk of the column, a place. */
export function batchAt(firstId: number, blockBytes = 100): BatchParts {
  return {
    blocks: [{ firstId, block: bytesOf(`block ${firstId}`, blockBytes) }],
    columns: [{ index: 1, firstId, chunk: bytesOf(`column ${firstId}`) }],
    place: { firstId, source: "source", offset: firstId * 100, line: firstId + 1, record: firstId + 1 },
  };
}

export function sealedAt(nextId: number, segments: number[] = [], id = "import"): SealedState {
  const numbers = {
    firstId: 0,
    endId: nextId,
    tuples: 1,
    postingBytes: 1,
    keys: 1,
    keyBytes: 1,
    keyFilters: 1,
  };
  return {
    segments: segments.map((number) => ({ number, ...numbers })),
    nextId,
    liveRecords: [nextId],
    deadRecords: 0,
    lastImport: { id, sealedAt: "2026-01-01T00:00:00.000Z", sources: ["source"], records: { read: nextId } },
  };
}

/** First ids of the blocks, of the chunks that hold the ids 0, 10, 20... and of the places of these ids. */
export function idsSeen(reader: StoreReader): {
  blocks: number[];
  chunks: (number | undefined)[];
  places: (number | undefined)[];
} {
  const ids = [0, 10, 20, 30];
  return {
    blocks: [...reader.recordBlocks(0)].map(({ firstId }) => firstId),
    chunks: ids.map((id) => reader.columnChunk(1, id)?.firstId),
    places: ids.map((id) => reader.place(id)?.firstId),
  };
}

/** Everything committed, sealed or not, as a session sees it. */
export function unsealed(session: TargetSession): ReturnType<typeof idsSeen> {
  using reader = session.reader({ isUnsealedVisible: true });
  return idsSeen(reader);
}

export async function assertRejects(
  body: () => Promise<unknown>,
  isWanted: (error: unknown) => boolean,
  what: string,
) {
  const outcome = await body().then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  );
  assert.ok(outcome.error !== undefined, `${what}: nothing was thrown`);
  assert.ok(isWanted(outcome.error), `${what}: ${String(outcome.error)}`);
}

/** A bug of the caller, as against a condition that a user can meet. */
export function isBug(error: unknown): boolean {
  return error instanceof Error && !isPlimsollError(error);
}

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isPlimsollError(error) && error.code === code;
}

/**
 * Runs statements in another process, where `session` is open unless `isReading`, and then `reader`. The
 * answer is what they print; a process that kills itself answers with what it printed before.
 */
export function elsewhere(
  subject: TargetSubject,
  folder: string,
  statements: string,
  isReading = false,
): Promise<string> {
  const { url, make, openReader } = subject.built!;
  const open = isReading
    ? `const reader = await built[${JSON.stringify(openReader)}](folder);`
    : `const session = await built[${JSON.stringify(make)}](folder).open({
         mergeMapping: (stored) => stored ?? mapping, tempDir: null,
        transactionBytes: ${transactionBytes}, mappedBytes: 1048576,
         mappedBytes: ${mappedBytes},
         signal: new AbortController().signal });`;
  const script = `
    const built = await import(${JSON.stringify(url)});
    const [folder, mapping] = ${JSON.stringify([folder, thingMapping])};
    const batchAt = (firstId, bytes) => ({
      blocks: [{ firstId, block: Buffer.alloc(bytes, "x") }], columns: [],
      place: { firstId, source: "source", offset: 0, line: 1, record: 1 } });
    const say = (text) => process.stdout.write(String(text));
    const die = () => { process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); };
    try { ${open} ${statements} } catch (error) { say(error.code ?? error.stack); }`;
  return new Promise((resolve) => {
    execFile(process.execPath, ["--input-type=module", "-e", script], (_failure, out) => resolve(out));
  });
}
