import type { CompiledEntity, CompiledField } from "../model/index.js";

/**
 * Why `field` cannot link to `target`, or null when it can. A link holds the target's whole key in one value,
 * and both sides must turn into the same key bytes: text and whole numbers do, hex is packed and meets hex
 * alone. An awaited target is not judged: it is when its own import comes.
 */
export function checkLinkTarget(field: CompiledField, target: CompiledEntity): string | null {
  if (target.fields.length === 0) return null;
  if (target.keySlots.length !== 1) {
    const has = target.keySlots.length === 0 ? "no key" : "a key of several fields";
    return `must name an entity with a key of one field; ${target.name} has ${has}`;
  }
  const keyField = target.fields[target.keySlots[0]!]!;
  const isSameForm = (field.type === "hex") === (keyField.type === "hex");
  if (isSameForm) return null;
  const key = `${target.name}.${keyField.name} is ${keyField.type}, this field ${field.type}`;
  return `needs the type of the key it points to: ${key}`;
}
