import { keyBytesMax } from "../kernel/index.js";
import { type CompiledEntity, type EventSlots, groupKeyspace } from "../model/index.js";
import { keyExtraBytes } from "../postings/index.js";
import { type FieldReader, saturate } from "./field-values.js";
import type { HeldKey } from "./held-key.js";
import type { LiveRecord } from "./live-record.js";

const deletionKind = 5;
const signBit = 1n << 63n;

/**
 * The keys of a Nostr event worked out from its text, as kernels/load-events.ts makes them: its id with its
 * author, its group if it is replaceable or addressable, and what it deletes.
 */
export function eventKeys(
  fields: FieldReader,
  entity: CompiledEntity,
  slots: EventSlots,
  record: LiveRecord,
): HeldKey[] {
  const first = (slot: number) => fields.values(entity.fields[slot]!, record)[0];
  const kind = Number(first(slots.kind));
  const id = packed(first(entity.keySlots[0]!));
  const author = packed(first(slots.author));
  const version = BigInt.asUintN(64, saturate(first(slots.createdAt) as number | bigint)) ^ signBit;
  const own = { keyspace: entity.number, key: id, isReference: false, isDeletion: false };
  const tags = tagsOf(entity.fields[slots.tags]!.path[0]!, record);
  if (kind === deletionKind) return [own, ...deletions(tags, { keyspace: entity.number, author, version })];
  const group = groupKey(kind, author, identifierOf(tags));
  const grouped: HeldKey[] =
    group === null
      ? []
      : [{ keyspace: groupKeyspace, key: group, isReference: false, isDeletion: false, version, extra: id }];
  return [{ ...own, extra: author }, ...grouped];
}

/** A group's key for people: as the address of a tag has it. */
export function groupText(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  const author = bytes.toString("hex", 2, 2 + keyExtraBytes);
  return `${bytes.readUInt16BE(0)}:${author}:${bytes.toString("utf8", 2 + keyExtraBytes)}`;
}

/** An event is deleted but once by one other: what repeats an entry is left out. */
function deletions(
  tags: readonly unknown[][],
  own: { keyspace: number; author: Buffer; version: bigint },
): HeldKey[] {
  const found = new Map<string, HeldKey>();
  for (const [name, text] of tags) {
    if (typeof text !== "string") continue;
    const deletion = name === "e" ? byId(text, own) : name === "a" ? byAddress(text, own) : null;
    if (deletion === null) continue;
    found.set(`${deletion.keyspace}:${Buffer.from(deletion.key).toString("latin1")}`, deletion);
  }
  return [...found.values()];
}

function byId(text: string, { keyspace, author }: { keyspace: number; author: Buffer }): HeldKey | null {
  if (!/^[0-9a-f]{64}$/i.test(text)) return null;
  return { keyspace, key: packed(text), isReference: true, isDeletion: true, extra: author };
}

function byAddress(text: string, { author, version }: { author: Buffer; version: bigint }): HeldKey | null {
  const [, digits, pubkey, colon, identifier] =
    /^(0|[1-9]\d{0,4}):([0-9a-f]{64})(?:(:)(.*))?$/is.exec(text) ?? [];
  if (digits === undefined || !packed(pubkey).equals(author)) return null;
  const kind = Number(digits);
  if (isAddressable(kind) ? colon === undefined : (identifier ?? "") !== "") return null;
  const key = groupKey(kind, author, identifier ?? "");
  return key === null || key.length > keyBytesMax
    ? null
    : { keyspace: groupKeyspace, key, isReference: true, isDeletion: true, version };
}

function groupKey(kind: number, author: Buffer, identifier: string): Buffer | null {
  if (!isReplaceable(kind) && !isAddressable(kind)) return null;
  const head = Buffer.from([kind >> 8, kind & 255]);
  return Buffer.concat([head, author, Buffer.from(isAddressable(kind) ? identifier : "", "utf8")]);
}

function isReplaceable(kind: number): boolean {
  return kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000);
}

function isAddressable(kind: number): boolean {
  return kind >= 30_000 && kind < 40_000;
}

function identifierOf(tags: readonly unknown[][]): string {
  const value = tags.find(([name]) => name === "d")?.[1];
  return typeof value === "string" ? value : "";
}

function tagsOf(member: string, record: LiveRecord): unknown[][] {
  const tags = (record.value as Record<string, unknown>)[member];
  return Array.isArray(tags) ? tags.filter((tag): tag is unknown[] => Array.isArray(tag)) : [];
}

function packed(hex: unknown): Buffer {
  return Buffer.from(String(hex), "hex");
}
