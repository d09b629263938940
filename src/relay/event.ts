import { hash } from "node:crypto";
import { relayFutureSecondsMax } from "../kernel/index.js";
import { nostrSerialisation } from "../presets/index.js";

/** An event as it came: what is looked at of it, and the bytes that are stored and passed on. */
export interface RelayEvent {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
  bytes: Uint8Array;
}

const isHex = (value: unknown, digits: number): value is string =>
  typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);

/** What is wrong with an event, as the machine-readable text of an OK; null for nothing. */
export function faultOfEvent(event: RelayEvent, nowSeconds: number): string | null {
  return formFault(event) ?? idFault(event) ?? timeFault(event, nowSeconds);
}

export function isEphemeral({ kind }: RelayEvent): boolean {
  return kind >= 20_000 && kind < 30_000;
}

export function isExpired({ tags }: RelayEvent, nowSeconds: number): boolean {
  const value = tags.find(([name]) => name === "expiration")?.[1];
  return value !== undefined && /^[0-9]+$/.test(value) && BigInt(value) <= BigInt(nowSeconds);
}

function formFault(event: RelayEvent): string | null {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  if (!isHex(id, 64)) return "invalid: id must be 64 lower-case hex digits";
  if (!isHex(pubkey, 64)) return "invalid: pubkey must be 64 lower-case hex digits";
  if (!isHex(sig, 128)) return "invalid: sig must be 128 lower-case hex digits";
  if (!Number.isSafeInteger(created_at) || created_at < 0) return "invalid: created_at must be whole seconds";
  if (!Number.isSafeInteger(kind) || kind < 0 || kind > 65_535) return "invalid: kind must be 0 to 65535";
  if (typeof content !== "string") return "invalid: content must be a string";
  const isTags =
    Array.isArray(tags) &&
    tags.every((tag) => Array.isArray(tag) && tag.every((value) => typeof value === "string"));
  return isTags ? null : "invalid: tags must be lists of strings";
}

function idFault(event: RelayEvent): string | null {
  return hash("sha256", nostrSerialisation(event), "hex") === event.id
    ? null
    : "invalid: id is not the hash of the event";
}

function timeFault(event: RelayEvent, nowSeconds: number): string | null {
  if (event.created_at > nowSeconds + relayFutureSecondsMax) {
    return `invalid: created_at is more than ${relayFutureSecondsMax} seconds ahead`;
  }
  if (isExpired(event, nowSeconds)) return "invalid: the event has expired";
  // NIP-70: only its author may publish it, and nobody can show here who he is.
  if (event.tags.some(([name]) => name === "-")) return "blocked: the event is marked as protected";
  return null;
}
