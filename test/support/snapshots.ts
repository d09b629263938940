import { gunzipSync, gzipSync } from "node:zlib";
import {
  type DbiHead,
  deletedFlag,
  entryWireBytes,
  openSnapshot,
  type SnapshotEntry,
  type SnapshotMeta,
  type SnapshotReader,
  writeSnapshot,
} from "../../src/snapshots/index.js";

export const noSignal: AbortSignal = new AbortController().signal;

export const noMeta: SnapshotMeta = {
  generationId: "",
  instanceId: "",
  hostname: "",
  databaseName: "",
  lmdbTxnId: 0n,
  timestampNano: 0n,
  fromLmdbTxnId: 0n,
};

/** An entry that can be held and compared: bytes as hexadecimal digits. */
export interface HeldEntry {
  key: string;
  value: string;
  timestampNano: bigint;
  isDeleted: boolean;
}

export interface HeldDatabase {
  head: DbiHead;
  entries: HeldEntry[];
}

export interface HeldSnapshot {
  formatVersion: number;
  compatVersion: number;
  meta: SnapshotMeta;
  databases: HeldDatabase[];
}

export function hex(...parts: (string | readonly number[] | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part.replace(/\s+/g, ""), "hex") : Uint8Array.from(part),
    ),
  );
}

export function toEntry({ key, value, timestampNano, isDeleted }: HeldEntry): SnapshotEntry {
  return { key: hex(key), value: hex(value), timestampNano, isDeleted };
}

export function held({ key, value, timestampNano, isDeleted }: SnapshotEntry): HeldEntry {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return { key: text(key), value: text(value), timestampNano, isDeleted };
}

/** A stream in chunks of a size, each of which is spoiled as soon as the next one is asked for. */
export async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = Uint8Array.from(bytes.subarray(at, at + chunkBytes));
    yield chunk;
    chunk.fill(0xdd);
  }
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
  return Buffer.concat(pieces);
}

/** Everything that a snapshot holds, which is only for small ones. */
export async function readAll(reader: SnapshotReader): Promise<HeldSnapshot> {
  await using open = reader;
  const databases: HeldDatabase[] = [];
  for (let head = await open.nextDbi(); head; head = await open.nextDbi()) {
    const entries: HeldEntry[] = [];
    while (await open.fill())
      for (let entry = open.next(); entry; entry = open.next()) entries.push(held(entry));
    databases.push({ head, entries });
  }
  const { formatVersion, compatVersion, meta } = open;
  return { formatVersion, compatVersion, meta, databases };
}

export async function readMessage(message: Uint8Array, chunkBytes = 7): Promise<HeldSnapshot> {
  const chunks = inChunks(gzipSync(message), chunkBytes);
  return readAll(await openSnapshot(chunks, { name: "test", signal: noSignal }));
}

export function contentOf(meta: SnapshotMeta, databases: HeldDatabase[]) {
  const bytesOf = (entry: HeldEntry) =>
    entryWireBytes(
      entry.key.length / 2,
      entry.isDeleted ? 0 : entry.value.length / 2,
      entry.timestampNano,
      entry.isDeleted ? deletedFlag : 0,
    );
  const dbis = databases.map(({ head, entries }) => ({
    head,
    entriesBytes: entries.reduce((sum, entry) => sum + bytesOf(entry), 0),
    entries: entries.map(toEntry),
  }));
  return { meta, dbis };
}

/** The message of a snapshot as it is written. */
export async function writtenMessage(meta: SnapshotMeta, databases: HeldDatabase[]): Promise<Buffer> {
  return gunzipSync(await collect(writeSnapshot(contentOf(meta, databases), { signal: noSignal })));
}
