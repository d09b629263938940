import type { CompiledEntity, CompiledField, EventSlots, FieldType } from "../model/index.js";

/** What the rules of Nostr events need: their fields are those of NIP-01, whatever else a mapping adds. */
const eventFields: Record<keyof EventSlots, { name: string; type: FieldType }> = {
  kind: { name: "kind", type: "int" },
  author: { name: "pubkey", type: "hex" },
  createdAt: { name: "created_at", type: "int" },
  tags: { name: "tags", type: "pairs" },
};

/** The slots that the rules go by, or what the entity lacks for them, in words. */
export function eventSlotsOf(
  entity: Pick<CompiledEntity, "conflict" | "fields" | "keySlots">,
): EventSlots | string {
  const { conflict, fields, keySlots } = entity;
  const [keySlot] = keySlots;
  if (keySlots.length !== 1 || fields[keySlot!]!.type !== "hex")
    return "needs a key of one field of type hex";
  if (conflict.kind !== "keep") {
    return "needs the conflict rule keep: an id is the hash of its event, so there is nothing to choose";
  }
  const slots = { kind: 0, author: 0, createdAt: 0, tags: 0 };
  for (const [part, { name, type }] of Object.entries(eventFields)) {
    const field = fields.find((candidate) => isField(candidate, name, type));
    if (field === undefined) return `needs a field "${name}" of type ${type} that is required`;
    slots[part as keyof EventSlots] = field.slot;
  }
  return slots;
}

function isField({ path, type, required }: CompiledField, name: string, wanted: FieldType): boolean {
  return path.length === 1 && path[0] === name && type === wanted && required;
}
