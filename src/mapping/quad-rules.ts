import type { CompiledEntity } from "../model/index.js";
import { quadMembers } from "../model/index.js";

/** What an entity lacks for the rules of quads, in words; null when it has all. */
export function quadFaultOf(entity: Pick<CompiledEntity, "conflict" | "fields" | "keySlots">): string | null {
  const { conflict, fields, keySlots } = entity;
  const key = keySlots.map((slot) => fields[slot]!);
  const isWhole =
    key.length === quadMembers.length && key.every(({ name }, part) => name === quadMembers[part]);
  if (!isWhole) return `needs the key ${quadMembers.join(", ")}, in this order`;
  const other = key.find(
    ({ name, path, type }) => type !== "string" || path.length !== 1 || path[0] !== name,
  );
  if (other !== undefined) return `needs the field "${other.name}" to be of type string, at its own name`;
  if (conflict.kind === "keep") return null;
  return "needs the conflict rule keep: quads with the same key are the same, so there is nothing to choose";
}

/** Whether every quad has this member; the absence of another is part of its key. */
export function isQuadPart(name: string): boolean {
  return name === "subject" || name === "predicate";
}
