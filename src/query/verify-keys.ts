import { isPlimsollError, linkVerdictsMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import { entriesOf, keyEntries, mergedEntries, sameBytes } from "./key-entries.js";
import type { LiveRecord } from "./live-record.js";
import { SetDigest } from "./set-digest.js";
import { readableEntity, readableRecords, type Verification } from "./verification.js";

/** Payloads of the digests tell the role apart. */
const definition = 1;
const reference = 2;

/**
 * Each live record with a key has exactly one definition, each link whose target is not there has one
 * reference, and there is no other. (References that found their target are no longer needed, and not looked
 * at.) As with postings, digests are compared first and places are looked for when they differ.
 */
export function verifyKeys(run: Verification): void {
  if (!checkBlocks(run)) return;
  const called = new SetDigest();
  for (const { id, keyspace, key, role } of calledKeys(run)) {
    called.add(run.store.terms.keyHash(keyspace, key), id, role);
  }
  const found = new SetDigest();
  for (const { id, keyspace, key, role } of storedKeys(run, true)) {
    run.result.keys++;
    found.add(run.store.terms.keyHash(keyspace, key), id, role);
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

interface HeldKey {
  id: number;
  keyspace: number;
  key: Uint8Array;
  role: number;
}

/** Definitions by live records and open references of live records, as the segments hold them, each once. */
function* storedKeys(run: Verification, isReported: boolean): Generator<HeldKey> {
  const { dead } = run.store;
  let base = -1n;
  let defined: HeldKey[] = [];
  let last: HeldKey | null = null;
  for (const entry of mergedEntries(run.store.reader)) {
    run.signal?.throwIfAborted();
    if (entry.isDeleted || dead.has(entry.id)) continue;
    if (entry.hash >> 1n !== base) defined = [];
    base = entry.hash >> 1n;
    const isSameKey = (other: HeldKey) =>
      other.keyspace === entry.keyspace && sameBytes(other.key, entry.key);
    const definer = defined.find(isSameKey);
    if (entry.isReference && definer !== undefined) continue;
    if (isReported && definer !== undefined && definer.id !== entry.id) {
      run.fault("key", `${keyName(run, entry)} is defined by live records ${definer.id} and ${entry.id}.`);
    }
    const role = entry.isReference ? reference : definition;
    if (last !== null && last.id === entry.id && last.role === role && isSameKey(last)) continue;
    last = { id: entry.id, keyspace: entry.keyspace, key: entry.key.slice(), role };
    if (!entry.isReference) defined.push(last);
    if (!run.unreadable.has(entry.id)) yield last;
  }
}

/** Definitions and open references that the live records call for. */
function* calledKeys(run: Verification): Generator<HeldKey> {
  const verdicts = new Map<string, boolean>();
  for (const record of readableRecords(run, false)) {
    const entity = readableEntity(run, record, false);
    if (entity === undefined) continue;
    for (const held of keysOf(run, entity, record)) {
      if (held.role === definition || !isDefined(run, held, verdicts)) yield held;
    }
  }
}

/** Whether a live record defines the key; many links point at few keys, so verdicts are kept. */
function isDefined(run: Verification, { keyspace, key }: HeldKey, verdicts: Map<string, boolean>): boolean {
  const name = `${keyspace}:${Buffer.from(key).toString("latin1")}`;
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  const verdict = run.store.links.find(run.store.mapping.entities[keyspace]!, key) !== undefined;
  if (verdicts.size >= linkVerdictsMax) verdicts.clear();
  verdicts.set(name, verdict);
  return verdict;
}

function* keysOf(run: Verification, entity: CompiledEntity, record: LiveRecord): Generator<HeldKey> {
  const { keys } = run.store;
  const key = keys.ofRecord(entity, record);
  if (key !== null) yield { id: record.id, keyspace: entity.number, key, role: definition };
  const seen: HeldKey[] = [];
  for (const field of entity.fields) {
    const keyspace = field.linkEntity;
    if (keyspace === null) continue;
    for (const part of keys.parts(field, record)) {
      if (seen.some((other) => other.keyspace === keyspace && sameBytes(other.key, part))) continue;
      seen.push({ id: record.id, keyspace, key: part, role: reference });
    }
  }
  yield* seen;
}

/** Looks each called key up in the segments, and for each stored key at its record. */
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
    const what = isReference ? "the reference of" : "the definition by";
    run.fault("key", `${keyName(run, called)} lacks ${what} record ${called.id}.`);
  }
  for (const stored of storedKeys(run, false)) {
    const record = store.records.any(stored.id);
    const entity = record === undefined ? undefined : readableEntity(run, record, false);
    const own = record === undefined || entity === undefined ? [] : keysOf(run, entity, record);
    const isSame = (other: HeldKey) =>
      other.role === stored.role && other.keyspace === stored.keyspace && sameBytes(other.key, stored.key);
    if ([...own].some(isSame)) continue;
    const what = stored.role === reference ? "refer to" : "define";
    run.fault("key", `${keyName(run, stored)} is noted for record ${stored.id}, which does not ${what} it.`);
  }
}

function keyName(run: Verification, { keyspace, key }: { keyspace: number; key: Uint8Array }): string {
  const entity = run.store.mapping.entities[keyspace];
  return entity === undefined
    ? `A key of the unknown entity ${keyspace}`
    : `The key ${JSON.stringify(run.store.keys.text(entity, key))} of ${entity.name}`;
}
