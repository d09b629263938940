import { createGunzip } from "node:zlib";
import { PlimsollError, snapshotChunkBytes, snapshotDatabasesMax } from "../../kernel/index.js";
import type { DatabaseSchema } from "./key-order.js";
import { type SnapshotOutline, SnapshotReader, type SnapshotReaderOptions } from "./snapshot-reader.js";
import { throughZlib, ZlibFault } from "./zlib-pump.js";

export interface OpenSnapshotOptions {
  /** Name of the object, for messages. */
  name: string;
  signal: AbortSignal;
  /** Of the databases that the snapshot was made of; decides about the order of keys under REVERSEKEY. */
  schema?: DatabaseSchema;
  /** What `surveySnapshot` gave of the same object. */
  outline?: SnapshotOutline;
}

/**
 * Opens a snapshot that can be read once, and has read what it says of itself. Its checksum stands at the
 * end: all that was read is sure only when `nextDbi` has answered null. Who must know before reads it twice,
 * with `surveySnapshot` first.
 */
export async function openSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  options: OpenSnapshotOptions,
): Promise<SnapshotReader> {
  return opened(chunks, options, (reader) => reader.checkVersion());
}

/** Opens a snapshot that can be read again, which is done where heads may stand behind their entries. */
export async function openStoredSnapshot(
  read: () => AsyncIterable<Uint8Array>,
  options: OpenSnapshotOptions,
): Promise<SnapshotReader> {
  const reader = await opened(read(), options, (opening) =>
    opening.mayHaveLateHeads ? opening : opening.checkVersion(),
  );
  if (!reader.mayHaveLateHeads) return reader;
  await reader[Symbol.asyncDispose]();
  const outline = await surveySnapshot(read(), options);
  return openSnapshot(read(), { ...options, outline });
}

/**
 * Reads a snapshot from its first byte to its checksum, and keeps nothing but what it says of itself and its
 * databases: afterwards it is known to be whole.
 */
export async function surveySnapshot(
  chunks: AsyncIterable<Uint8Array>,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<SnapshotOutline> {
  await using reader = new SnapshotReader(unpacked(chunks, name, signal), { name, isSurvey: true });
  await reader.open();
  const databases: SnapshotOutline["databases"] = [];
  for (let head = await reader.nextDbi(); head; head = await reader.nextDbi()) {
    if (databases.length === snapshotDatabasesMax)
      throw damaged(name, `more than ${snapshotDatabasesMax} databases`);
    const database = { head, entries: 0 };
    databases.push(database);
    while (await reader.fill()) while (reader.next()) database.entries++;
    if (head.name === "") throw damaged(name, "a database without a name");
  }
  const { formatVersion, compatVersion, meta, entryBytesMax } = reader.checkVersion();
  return { formatVersion, compatVersion, meta, databases, entryBytesMax };
}

async function opened(
  chunks: AsyncIterable<Uint8Array>,
  { name, signal, schema, outline }: OpenSnapshotOptions,
  check: (reader: SnapshotReader) => SnapshotReader,
): Promise<SnapshotReader> {
  const options: SnapshotReaderOptions = { name, ...(schema && { schema }), ...(outline && { outline }) };
  const reader = new SnapshotReader(unpacked(chunks, name, signal), options);
  try {
    return check(await reader.open());
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: snapshotChunkBytes });
  try {
    yield* throughZlib(gunzip, chunks, signal);
  } catch (fault) {
    if (!(fault instanceof ZlibFault)) throw fault;
    const { offset, message: reason } = fault;
    throw damaged(name, reason, offset, "the object");
  }
}

function damaged(name: string, reason: string, offset = 0, part = "what it unpacks to"): PlimsollError {
  return new PlimsollError(
    "SNAPSHOT_DAMAGED",
    { name, offset, part, reason },
    { place: { source: name, offset } },
  );
}
