import type { CompiledEntity } from "../model/index.js";
import { sameBytes } from "./key-entries.js";
import type { LiveRecord } from "./live-record.js";
import type { Verification } from "./verification.js";

/** A key that a record defines or refers to. */
export interface HeldKey {
  keyspace: number;
  key: Uint8Array;
  isReference: boolean;
}

/** The keys of a record, worked out from its text alone; it refers to a key but once. */
export function heldKeys(run: Verification, entity: CompiledEntity, record: LiveRecord): HeldKey[] {
  const { keys } = run.store;
  const key = keys.ofRecord(entity, record);
  const held: HeldKey[] = key === null ? [] : [{ keyspace: entity.number, key, isReference: false }];
  for (const field of entity.fields) {
    const keyspace = field.linkEntity;
    if (keyspace === null) continue;
    for (const part of keys.parts(field, record)) {
      const reference = { keyspace, key: part, isReference: true };
      if (!held.some((other) => isSameKey(other, reference))) held.push(reference);
    }
  }
  return held;
}

export function isSameKey(left: HeldKey, right: HeldKey): boolean {
  return (
    left.isReference === right.isReference &&
    left.keyspace === right.keyspace &&
    sameBytes(left.key, right.key)
  );
}

export function keyName(run: Verification, { keyspace, key }: { keyspace: number; key: Uint8Array }): string {
  const entity = run.store.mapping.entities[keyspace];
  return entity === undefined
    ? `A key of the unknown entity ${keyspace}`
    : `The key ${JSON.stringify(run.store.keys.text(entity, key))} of ${entity.name}`;
}
