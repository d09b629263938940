import { isPlimsollError } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import { entriesOf, type KeyEntry, keyEntries, mergedEntries, sameBytes } from "./key-entries.js";
import type { LiveRecord } from "./live-record.js";
import { SetDigest } from "./set-digest.js";
import { readableEntity, readableRecords, type Verification } from "./verification.js";

/** Payloads of the digests tell the role apart. */
const definition = 1;
const reference = 2;

/**
 * Each live record with a key has exactly one definition, each of its links one reference, and there is
 * nothing else. As with postings, digests are compared first and places are looked for when they differ.
 */
export function verifyKeys(run: Verification): void {
  if (!checkBlocks(run)) return;
  const called = new SetDigest();
  for (const { id, keyspace, key, role } of calledKeys(run))
    called.add(keyDigest(run, keyspace, key), id, role);
  const found = new SetDigest();
  let previous: { keyspace: number; key: Uint8Array; hash: bigint; id: number } | null = null;
  for (const entry of liveEntries(run)) {
    run.signal?.throwIfAborted();
    run.result.keys++;
    const isRepeat =
      previous !== null &&
      previous.hash === entry.hash &&
      previous.keyspace === entry.keyspace &&
      sameBytes(previous.key, entry.key);
    if (isRepeat && previous!.id === entry.id) continue;
    if (isRepeat && !entry.isReference) {
      run.fault("key", `${keyName(run, entry)} is defined by live records ${previous!.id} and ${entry.id}.`);
    }
    previous = { keyspace: entry.keyspace, key: entry.key.slice(), hash: entry.hash, id: entry.id };
    found.add(
      keyDigest(run, entry.keyspace, entry.key),
      entry.id,
      entry.isReference ? reference : definition,
    );
  }
  if (!called.equals(found)) findKeyFaults(run);
}

/** Whether all key blocks can be read; their order and header are held against their entries. */
function checkBlocks(run: Verification): boolean {
  let isReadable = true;
  for (const segment of run.store.sealed.segments) {
    let last = -1n;
    for (const { hash, ordinal, block } of run.store.reader.keyBlocks(segment.number, 0n)) {
      run.result.blocks++;
      const place = `The key block ${ordinal} of segment ${segment.number}`;
      try {
        let first: bigint | null = null;
        for (const entry of keyEntries(block)) {
          first ??= entry.hash;
          if (entry.hash < last) run.fault("block", `${place} is out of order.`);
          last = entry.hash;
        }
        const head = new DataView(block.buffer, block.byteOffset);
        const isNamed =
          first === hash && head.getBigUint64(8, true) === hash && head.getBigUint64(16, true) === last;
        if (!isNamed) run.fault("block", `${place} holds other keys than its place and head say.`);
      } catch (error) {
        if (!isPlimsollError(error)) throw error;
        run.fault("block", `${place} is unreadable: ${error.message}`);
        isReadable = false;
      }
    }
  }
  return isReadable;
}

function* liveEntries(run: Verification): Generator<KeyEntry> {
  for (const entry of mergedEntries(run.store.reader)) {
    if (!entry.isDeleted && !run.store.dead.has(entry.id) && !run.unreadable.has(entry.id)) yield entry;
  }
}

interface CalledKey {
  id: number;
  keyspace: number;
  key: Uint8Array;
  role: number;
}

/** Keys that the live records define and refer to. */
function* calledKeys(run: Verification): Generator<CalledKey> {
  for (const record of readableRecords(run, false)) {
    const entity = readableEntity(run, record, false);
    if (entity !== undefined) yield* keysOf(run, entity, record);
  }
}

function* keysOf(run: Verification, entity: CompiledEntity, record: LiveRecord): Generator<CalledKey> {
  const key = run.store.keys.ofRecord(entity, record);
  if (key !== null) yield { id: record.id, keyspace: entity.number, key, role: definition };
  const seen: CalledKey[] = [];
  for (const field of entity.fields) {
    if (field.linkEntity === null) continue;
    for (const part of run.store.keys.parts(field, record)) {
      const isSeen = seen.some((other) => other.keyspace === field.linkEntity && sameBytes(other.key, part));
      if (isSeen) continue;
      seen.push({ id: record.id, keyspace: field.linkEntity, key: part, role: reference });
      yield seen.at(-1)!;
    }
  }
}

/** Looks each called key up, and each entry's record. */
function findKeyFaults(run: Verification): void {
  const { store } = run;
  for (const called of calledKeys(run)) {
    run.signal?.throwIfAborted();
    const isReference = called.role === reference;
    const hash = store.terms.keyHash(called.keyspace, called.key) | (isReference ? 1n : 0n);
    const isThere = store.sealed.segments.some((segment) => {
      for (const entry of entriesOf(store.reader, segment.number, hash)) {
        const isSame = entry.keyspace === called.keyspace && sameBytes(entry.key, called.key);
        if (isSame && entry.id === called.id && entry.isReference === isReference) return true;
      }
      return false;
    });
    if (isThere) continue;
    const what = isReference ? "a reference of" : "the definition by";
    run.fault("key", `${keyName(run, called)} lacks ${what} record ${called.id}.`);
  }
  for (const entry of liveEntries(run)) {
    run.signal?.throwIfAborted();
    const record = store.records.any(entry.id);
    const entity = record === undefined ? undefined : readableEntity(run, record, false);
    const role = entry.isReference ? reference : definition;
    const isCalled =
      record !== undefined &&
      entity !== undefined &&
      [...keysOf(run, entity, record)].some(
        (key) => key.role === role && key.keyspace === entry.keyspace && sameBytes(key.key, entry.key),
      );
    if (isCalled) continue;
    const what = entry.isReference ? "refer to" : "define";
    run.fault("key", `${keyName(run, entry)} is noted for record ${entry.id}, which does not ${what} it.`);
  }
}

function keyDigest(run: Verification, keyspace: number, key: Uint8Array): bigint {
  return run.store.terms.keyHash(keyspace, key);
}

function keyName(run: Verification, { keyspace, key }: { keyspace: number; key: Uint8Array }): string {
  const entity = run.store.mapping.entities[keyspace];
  return entity === undefined
    ? `A key of the unknown entity ${keyspace}`
    : `The key ${JSON.stringify(run.store.keys.text(entity, key))} of ${entity.name}`;
}
