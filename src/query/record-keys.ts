import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { FieldReader } from "./field-values.js";
import type { Comparable } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import { quadKey, quadKeyText } from "./quad-key.js";

/**
 * Bytes of keys as the import makes them: a part is its text in UTF-8, hex packed two digits a byte; several
 * parts stand one after another, each behind its length.
 */
export class RecordKeys {
  readonly #fields: FieldReader;

  constructor(fields: FieldReader) {
    this.#fields = fields;
  }

  /** The key of a record; null when its entity has none. */
  ofRecord(entity: CompiledEntity, record: LiveRecord): Uint8Array | null {
    if (entity.keySlots.length === 0) return null;
    if (entity.quads !== undefined) {
      return quadKey(
        entity.keySlots.map((slot) => this.#fields.texts(entity.fields[slot]!, record)[0] ?? null),
      );
    }
    const parts: Uint8Array[] = [];
    for (const slot of entity.keySlots) {
      const [part] = this.parts(entity.fields[slot]!, record);
      if (part === undefined) return null;
      parts.push(part);
    }
    return joinParts(parts);
  }

  /** The key bytes that each value of a link (or key part) stands for. */
  parts(field: CompiledField, record: LiveRecord): Uint8Array[] {
    return this.#fields.texts(field, record).map((text) => partBytes(field, text));
  }

  /** The key that values of a filter stand for; null when they do not fit. */
  ofOperands(entity: CompiledEntity, values: unknown[]): Uint8Array | null {
    if (values.length !== entity.keySlots.length || values.length === 0) return null;
    if (entity.quads !== undefined) {
      return quadKey(values.map((value) => (typeof value === "string" ? value : null)));
    }
    const parts: Uint8Array[] = [];
    for (const [at, slot] of entity.keySlots.entries()) {
      const field = entity.fields[slot]!;
      const value = values[at];
      const isDateText = field.type === "date" && typeof value === "string";
      const operand = isDateText ? value : this.#fields.operand(field, value);
      if (operand === undefined) return null;
      parts.push(partBytes(field, field.type === "bool" ? String(operand === 1) : String(operand)));
    }
    return joinParts(parts);
  }

  /** The target's key as a value of the link field; undefined when that type cannot hold it. */
  asLink(field: CompiledField, keyField: CompiledField, target: LiveRecord): Comparable | undefined {
    const [text] = this.#fields.texts(keyField, target);
    if (text === undefined) return undefined;
    if (field.type === "hex") return text.toLowerCase();
    if (field.type === "string") return text;
    const isCanonical = /^(0|-?[1-9]\d{0,399})$/.test(text);
    return field.type === "int" && isCanonical ? this.#fields.operand(field, text) : undefined;
  }

  /** A key for people: its text, or the digits of packed hex; parts are joined by commas. */
  text(entity: CompiledEntity, key: Uint8Array): string {
    if (entity.quads !== undefined) return quadKeyText(key);
    const types = entity.keySlots.map((slot) => entity.fields[slot]!.type);
    if (types.length < 2) return partText(types[0], key);
    const texts: string[] = [];
    let at = 0;
    for (const type of types) {
      let bytes = key[at++] ?? 0;
      if (bytes >= 0x80) bytes = (bytes & 0x7f) | ((key[at++] ?? 0) << 7);
      texts.push(partText(type, key.subarray(at, at + bytes)));
      at += bytes;
    }
    return texts.join(",");
  }
}

/** The one field whose value is the key of `entity`; null when the key has several parts or there is none. */
export function keyField(entity: CompiledEntity): CompiledField | null {
  return entity.keySlots.length === 1 ? entity.fields[entity.keySlots[0]!]! : null;
}

function partBytes(field: CompiledField, text: string): Uint8Array {
  if (field.type === "hex") return Buffer.from(text, "hex");
  return Buffer.from(field.type === "int" && text === "-0" ? "0" : text, "utf8");
}

function joinParts(parts: Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return Buffer.concat(parts.flatMap((part) => [lengthBytes(part.length), part]));
}

function lengthBytes(length: number): Uint8Array {
  return Uint8Array.from(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >>> 7]);
}

function partText(type: string | undefined, bytes: Uint8Array): string {
  return Buffer.from(bytes).toString(type === "hex" ? "hex" : "utf8");
}
