import { isPlimsollError, keyBytesMax, linkVerdictsMax, lookupMappedBytes } from "../kernel/index.js";
import { eventsEntity } from "../model/index.js";
import { type HeldKey, isSameKey } from "./held-key.js";
import { entriesOf, type KeyEntry, keyEntries, sameBytes } from "./key-entries.js";
import { heldKeys, keyName } from "./record-held-keys.js";
import { keyWalk } from "./store-walks.js";
import { type IdRange, readableRecords, type Verification } from "./verification.js";

/**
 * Finds where keys differ from the records of some ranges: each key that a record calls for is looked up in
 * the segments, and each key that a segment holds is looked for in its record.
 */
export async function findKeyFaults(run: Verification, differing: IdRange[]): Promise<void> {
  const verdicts = new Verdicts(run);
  for (const range of differing) await findLost(run, range, verdicts);
  await findStray(run, differing, verdicts);
}

async function findLost(run: Verification, range: IdRange, verdicts: Verdicts): Promise<void> {
  for await (const { record, entity } of readableRecords(run, range)) {
    if (run.hasEnough) return;
    if (run.isDead(record.id)) continue;
    for (const held of heldKeys(run, entity, record)) {
      if (isStored(run, held, record.id) || (isLink(held) && verdicts.isDefined(held))) continue;
      const what = held.isDeletion
        ? "the deletion by"
        : held.isReference
          ? "the reference of"
          : "the definition by";
      run.fault("key", `${keyName(run, held)} lacks ${what} record ${record.id}.`);
    }
  }
}

function isLink({ isReference, isDeletion }: HeldKey): boolean {
  return isReference && !isDeletion;
}

function isStored(run: Verification, held: HeldKey, id: number): boolean {
  const { store } = run;
  const hash = store.terms.keyHash(held.keyspace, held.key) | (held.isReference ? 1n : 0n);
  return store.sealed.segments.some((segment) => {
    run.pages.count(lookupMappedBytes);
    for (const entry of entriesOf(store.reader, segment.number, hash)) {
      if (entry.id === id && isSameKey(entry, held)) return true;
    }
    return false;
  });
}

/** Keys that are noted for records which do not have them. */
async function findStray(run: Verification, ranges: IdRange[], verdicts: Verdicts): Promise<void> {
  for (const { number } of run.store.sealed.segments) {
    using walk = keyWalk(run, number);
    for (let stored = walk.next(); stored !== undefined; stored = walk.next()) {
      if (run.hasEnough) return;
      for (const entry of readableEntries(stored.block)) {
        if (!ranges.some(({ start, end }) => entry.id >= start && entry.id < end)) continue;
        checkEntry(run, entry, verdicts);
      }
      if (run.pages.isFull) await run.breathe();
    }
  }
}

function checkEntry(run: Verification, entry: KeyEntry, verdicts: Verdicts): void {
  const { store, unreadable } = run;
  // Of a deletion by its key nothing is stored but the entry.
  const isTombstone = entry.isDeletion && !entry.isReference;
  if (isTombstone || run.isDead(entry.id) || unreadable.has(entry.id)) return;
  run.pages.count(lookupMappedBytes);
  const record = store.records.any(entry.id);
  const entity = record === undefined ? undefined : store.mapping.entities[record.entity];
  const own = record === undefined || entity === undefined ? [] : heldKeys(run, entity, record);
  if (own.some((held) => isSameKey(held, entry))) return;
  if (isLink(entry) && verdicts.isDefined(entry)) return;
  const what = entry.isDeletion ? "delete" : entry.isReference ? "refer to" : "define";
  run.fault("key", `${keyName(run, entry)} is noted for record ${entry.id}, which does not ${what} it.`);
}

function* readableEntries(block: Uint8Array): Generator<KeyEntry> {
  try {
    yield* keyEntries(block);
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
  }
}

/** Whether live records define keys; many links point at few keys, so verdicts are kept. */
class Verdicts {
  readonly #run: Verification;
  readonly #verdicts = new Map<string, boolean>();

  constructor(run: Verification) {
    this.#run = run;
  }

  isDefined({ keyspace, key }: { keyspace: number; key: Uint8Array }): boolean {
    const name = `${keyspace}:${Buffer.from(key).toString("latin1")}`;
    const known = this.#verdicts.get(name);
    if (known !== undefined) return known;
    const verdict = this.#find(keyspace, key);
    if (this.#verdicts.size >= linkVerdictsMax) this.#verdicts.clear();
    this.#verdicts.set(name, verdict);
    return verdict;
  }

  #find(keyspace: number, key: Uint8Array): boolean {
    const { store, isDead, pages } = this.#run;
    if (key.length > keyBytesMax) return false;
    const hash = store.terms.keyHash(keyspace, key);
    const events = eventsEntity(store.mapping);
    return store.sealed.segments.some((segment) => {
      pages.count(lookupMappedBytes);
      for (const entry of entriesOf(store.reader, segment.number, hash)) {
        // A deleted event goes on to define its key; of a deleted record it is not known which links it had.
        const isDefiner = !entry.isReference && (keyspace === events?.number || !isDead(entry.id));
        if (isDefiner && entry.keyspace === keyspace && sameBytes(entry.key, key)) return true;
      }
      return false;
    });
  }
}
