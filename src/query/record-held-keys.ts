import { type CompiledEntity, groupKeyspace } from "../model/index.js";
import { eventKeys, groupText } from "./event-keys.js";
import { sameBytes } from "./key-entries.js";
import type { LiveRecord } from "./live-record.js";
import type { Verification } from "./verification.js";

/** A key that a record defines, refers to, or takes out. */
export interface HeldKey {
  keyspace: number;
  key: Uint8Array;
  isReference: boolean;
  isDeletion: boolean;
  /** Held against another one where both are given. */
  version?: bigint;
  extra?: Uint8Array;
}

const noExtra = new Uint8Array(0);

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

/** Whether two entries are the same, their records apart. */
export function isSameKey(left: HeldKey, right: HeldKey): boolean {
  const hasVersions = left.version !== undefined && right.version !== undefined;
  return (
    left.isReference === right.isReference &&
    left.isDeletion === right.isDeletion &&
    left.keyspace === right.keyspace &&
    (!hasVersions || left.version === right.version) &&
    sameBytes(left.key, right.key) &&
    sameBytes(left.extra ?? noExtra, right.extra ?? noExtra)
  );
}

export function keyName(run: Verification, { keyspace, key }: { keyspace: number; key: Uint8Array }): string {
  if (keyspace === groupKeyspace) return `The address ${JSON.stringify(groupText(key))}`;
  const entity = run.store.mapping.entities[keyspace];
  return entity === undefined
    ? `A key of the unknown entity ${keyspace}`
    : `The key ${JSON.stringify(run.store.keys.text(entity, key))} of ${entity.name}`;
}
