import { type CompiledEntity, groupKeyspace } from "../model/index.js";
import { eventKeys, groupText } from "./event-keys.js";
import { type HeldKey, isSameKey } from "./held-key.js";
import type { LiveRecord } from "./live-record.js";
import type { Verification } from "./verification.js";

/** The keys of a record, worked out from its text alone; it refers to a key but once. */
export function heldKeys(run: Verification, entity: CompiledEntity, record: LiveRecord): HeldKey[] {
  const held = definedKeys(run, entity, record);
  for (const field of entity.fields) {
    const keyspace = field.linkEntity;
    if (keyspace === null) continue;
    for (const part of run.store.keys.parts(field, record)) {
      const reference = { keyspace, key: part, isReference: true, isDeletion: false };
      if (!held.some((other) => isSameKey(other, reference))) held.push(reference);
    }
  }
  return held;
}

function definedKeys({ store }: Verification, entity: CompiledEntity, record: LiveRecord): HeldKey[] {
  if (entity.events !== undefined) return eventKeys(store.fields, entity, entity.events, record);
  const key = store.keys.ofRecord(entity, record);
  return key === null ? [] : [{ keyspace: entity.number, key, isReference: false, isDeletion: false }];
}

export function keyName(run: Verification, { keyspace, key }: { keyspace: number; key: Uint8Array }): string {
  if (keyspace === groupKeyspace) return `The address ${JSON.stringify(groupText(key))}`;
  const entity = run.store.mapping.entities[keyspace];
  return entity === undefined
    ? `A key of the unknown entity ${keyspace}`
    : `The key ${JSON.stringify(run.store.keys.text(entity, key))} of ${entity.name}`;
}
