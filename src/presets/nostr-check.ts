import {
  type CompiledEntity,
  type RecordCheck,
  type RecordView,
  valueFlag,
  valueType,
} from "../model/index.js";
import { nostrEntity } from "./nostr.js";
import { loadSchnorr, type SchnorrVerifier } from "./schnorr.js";

/** How every serialisation begins; the scratch buffer keeps it. */
const opening = '[0,"';
const quote = 34;
const comma = 44;
const closingBracket = 93;
/** What the serialisation holds besides values: brackets, quotes, commas and the leading zero. */
const frameBytes = 64;
/** Up to here bytes are copied one by one, which is faster than a call. */
const shortBytes = 80;

/**
 * Value entries (16 bytes) of the fields that an id and its signature are about; 0 for a missing signature.
 */
interface EventValues {
  id: number;
  pubkey: number;
  createdAt: number;
  kind: number;
  tags: number;
  content: number;
  sig: number;
}

export interface NostrCheckOptions {
  /** Whether the signature is verified as well: that takes many times as long. */
  hasSignatures: boolean;
}

/**
 * Holds an event's id against the SHA-256 of its NIP-01 serialisation,
 * [0,pubkey,created_at,kind,tags,content], and if asked its signature against id and key. Most events carry
 * the bytes of that serialisation already; the others are serialised anew.
 */
export function createNostrCheck({ hasSignatures }: NostrCheckOptions): RecordCheck {
  // Loaded for events only: it costs every thread that begins some milliseconds.
  const { hash } = process.getBuiltinModule("node:crypto");
  const slotsByEntity = new WeakMap<CompiledEntity, EventSlots>();
  const scratch = { bytes: Buffer.alloc(0) };
  const signatures = hasSignatures ? new SignatureCheck(loadSchnorr()) : null;
  return (view) => {
    if (view.entity.name !== nostrEntity) return null;
    let slots = slotsByEntity.get(view.entity);
    if (slots === undefined) {
      slots = slotsOf(view.entity);
      slotsByEntity.set(view.entity, slots);
    }
    const values = findValues(view, slots);
    if (typeof values === "string") return fault(`"${values}" is not a value that an id is made of`);
    const bytes = isCanonical(view, values)
      ? serialiseSpans(view, values, scratch)
      : serialiseParsed(view, values);
    const computed = hash("sha256", bytes, "hex");
    if (textOf(view, values.id) !== computed) return fault(`it should be ${computed}`);
    const reason = signatures?.faultOf(view, values, computed) ?? null;
    return reason === null ? null : { code: "NOSTR_SIGNATURE", reason };
  };
}

/** Verifies the signature of an event whose id is known to be right. */
class SignatureCheck {
  readonly #schnorr: SchnorrVerifier;
  readonly #id = Buffer.alloc(32);
  readonly #key = Buffer.alloc(32);
  readonly #signature = Buffer.alloc(64);

  constructor(schnorr: SchnorrVerifier) {
    this.#schnorr = schnorr;
  }

  faultOf(view: RecordView, values: EventValues, id: string): string | null {
    if (typeOf(view, values.sig) !== valueType.string) return '"sig" is missing';
    if (!readHex(stringOf(view, values.pubkey), this.#key)) return '"pubkey" is not 64 lower-case hex digits';
    if (!readHex(stringOf(view, values.sig), this.#signature))
      return '"sig" is not 128 lower-case hex digits';
    this.#id.write(id, "hex");
    if (this.#schnorr.isSigned(this.#id, this.#key, this.#signature)) return null;
    if (!this.#schnorr.isKey(this.#key)) return '"pubkey" is not a key of the curve';
    return '"sig" is not by "pubkey" over "id"';
  }
}

/** Fills the target, unless the text is not exactly that many bytes as NIP-01 writes them. */
function readHex(text: string, target: Buffer): boolean {
  return text.length === target.length * 2 && /^[0-9a-f]*$/.test(text) && target.write(text, "hex") > 0;
}

/** What each slot of the entity is to an id. */
type EventSlots = (keyof EventValues | null)[];

function fault(reason: string) {
  return { code: "NOSTR_ID", reason } as const;
}

function slotsOf(entity: CompiledEntity): EventSlots {
  const names: Record<string, keyof EventValues> = {
    id: "id",
    pubkey: "pubkey",
    created_at: "createdAt",
    kind: "kind",
    tags: "tags",
    content: "content",
    sig: "sig",
  };
  return entity.fields.map(({ path }) => (path.length === 1 ? (names[path[0]!] ?? null) : null));
}

/** The entries of the values, or the name of one that is absent or of the wrong type. */
function findValues(view: RecordView, slots: EventSlots): EventValues | string {
  const found: EventValues = { id: 0, pubkey: 0, createdAt: 0, kind: 0, tags: 0, content: 0, sig: 0 };
  const end = view.values + view.valueCount * 16;
  for (let entry = view.values; entry < end; entry += 16) {
    const head = view.words[entry >> 2]!;
    const type = (head >> 16) & 0xff;
    if (type === valueType.pairName || type === valueType.pairValue) continue;
    const name = slots[head & 0xffff];
    if (name === null || name === undefined) continue;
    // An array of values is not transparent here.
    if (found[name] !== 0) return name;
    found[name] = entry;
  }
  if (typeOf(view, found.id) !== valueType.string) return "id";
  if (typeOf(view, found.pubkey) !== valueType.string) return "pubkey";
  if (typeOf(view, found.createdAt) !== valueType.number) return "created_at";
  if (typeOf(view, found.kind) !== valueType.number) return "kind";
  if (typeOf(view, found.tags) !== valueType.array) return "tags";
  if (typeOf(view, found.content) !== valueType.string) return "content";
  return found;
}

function typeOf(view: RecordView, entry: number): number {
  return entry === 0 ? -1 : (view.words[entry >> 2]! >> 16) & 0xff;
}

function startOf(view: RecordView, entry: number): number {
  return view.words[(entry >> 2) + 1]!;
}

function endOf(view: RecordView, entry: number): number {
  return view.words[(entry >> 2) + 2]!;
}

function hasEscapes(view: RecordView, entry: number): boolean {
  return ((view.words[entry >> 2]! >>> 24) & valueFlag.escapes) !== 0;
}

function textOf(view: RecordView, entry: number): string {
  return view.bytes.toString("latin1", startOf(view, entry), endOf(view, entry));
}

/** A string as it is meant: hex digits may be written as escapes, as all others may. */
function stringOf(view: RecordView, entry: number): string {
  const text = textOf(view, entry);
  return hasEscapes(view, entry) ? (JSON.parse(`"${text}"`) as string) : text;
}

function isCanonical(view: RecordView, values: EventValues): boolean {
  const { tags, content } = values;
  if (hasEscapes(view, values.pubkey)) return false;
  if (hasEscapes(view, content) && !view.textIsCanonical(startOf(view, content), endOf(view, content)))
    return false;
  return view.jsonIsCanonical(startOf(view, tags), endOf(view, tags));
}

function serialiseSpans(view: RecordView, values: EventValues, scratch: { bytes: Buffer }): Uint8Array {
  const bytesMax = view.end - view.start + frameBytes;
  if (scratch.bytes.length < bytesMax) scratch.bytes = Buffer.alloc(bytesMax * 2, opening);
  const target = scratch.bytes;
  let at = opening.length;
  at = copy(view, values.pubkey, target, at);
  target[at++] = quote;
  target[at++] = comma;
  at = copy(view, values.createdAt, target, at);
  target[at++] = comma;
  at = copy(view, values.kind, target, at);
  target[at++] = comma;
  at = copy(view, values.tags, target, at);
  target[at++] = comma;
  target[at++] = quote;
  at = copy(view, values.content, target, at);
  target[at++] = quote;
  target[at++] = closingBracket;
  return target.subarray(0, at);
}

function copy(view: RecordView, entry: number, target: Buffer, at: number): number {
  const start = startOf(view, entry);
  const end = endOf(view, entry);
  if (end - start > shortBytes) return at + view.bytes.copy(target, at, start, end);
  const { bytes } = view;
  for (let from = start; from < end; from++) target[at++] = bytes[from]!;
  return at;
}

/** Numbers are taken as they are written: parsed, a large one would lose digits. */
function serialiseParsed(view: RecordView, values: EventValues): string {
  type Parsed = { pubkey: unknown; tags: unknown; content: unknown };
  const { pubkey, tags, content } = JSON.parse(view.bytes.toString("utf8", view.start, view.end)) as Parsed;
  const numbers = `${textOf(view, values.createdAt)},${textOf(view, values.kind)}`;
  return `[0,${serialise(pubkey)},${numbers},${serialise(tags)},${serialise(content)}]`;
}

/** What the id of an event is the hash of, from its values. */
export function nostrSerialisation(event: {
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
}): string {
  const { pubkey, created_at, kind, tags, content } = event;
  return `[0,"${pubkey}",${created_at},${kind},${serialise(tags)},${serialise(content)}]`;
}

const escapes: Record<string, string> = {
  "\n": "\\n",
  '"': '\\"',
  "\\": "\\\\",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

/** NIP-01 escapes these seven characters and leaves every other as it is, other control characters too. */
function serialise(value: unknown): string {
  if (typeof value === "string")
    return `"${value.replace(/[\n"\\\r\t\b\f]/g, (character) => escapes[character]!)}"`;
  if (Array.isArray(value)) return `[${value.map(serialise).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${serialise(name)}:${serialise(member)}`);
  return `{${members.join(",")}}`;
}
