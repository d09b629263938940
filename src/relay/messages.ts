import { PlimsollError, relaySubscriptionIdLengthMax } from "../kernel/index.js";
import type { RelayEvent } from "./event.js";

/** What a peer asks for. */
export type ClientMessage =
  | { verb: "EVENT"; event: RelayEvent }
  | { verb: "REQ" | "COUNT"; subscription: string; filters: unknown[] }
  | { verb: "CLOSE"; subscription: string };

export type ServerVerb = "EVENT" | "OK" | "EOSE" | "CLOSED" | "NOTICE" | "COUNT";

/** Reads one message; what it holds is looked at by those who act on it. */
export function parseMessage(bytes: Buffer): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw wrong("it is not JSON");
  }
  if (!Array.isArray(value) || typeof value[0] !== "string")
    throw wrong("it is not a list that begins with a verb");
  const [verb, first, ...rest] = value as [string, unknown, ...unknown[]];
  if (verb === "EVENT") {
    if (rest.length > 0 || typeof first !== "object" || first === null || Array.isArray(first)) {
      throw wrong("EVENT takes one event");
    }
    return { verb, event: { ...(first as RelayEvent), bytes: elementOf(bytes) } };
  }
  if (verb !== "REQ" && verb !== "COUNT" && verb !== "CLOSE") {
    throw wrong(`the verb ${JSON.stringify(verb.slice(0, 32))} is not known`);
  }
  if (typeof first !== "string" || first === "" || first.length > relaySubscriptionIdLengthMax) {
    throw wrong(`${verb} takes a subscription of 1 to ${relaySubscriptionIdLengthMax} characters`);
  }
  return verb === "CLOSE" ? { verb, subscription: first } : { verb, subscription: first, filters: rest };
}

export function messageText(verb: ServerVerb, ...values: unknown[]): string {
  return JSON.stringify([verb, ...values]);
}

/** What stands before the bytes of an event that is sent to a subscription; behind them stands a bracket. */
export function eventHead(subscription: string): Buffer {
  return Buffer.from(`["EVENT",${JSON.stringify(subscription)},`);
}

export function eventMessage(head: Buffer, bytes: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(head.length + bytes.length + 1);
  message.set(head, 0);
  message.set(bytes, head.length);
  message[message.length - 1] = closingBracket;
  return message;
}

const [quote, backslash, comma, closingBracket] = [34, 92, 44, 93];

/** The second and last element of a list that was parsed already, as it was written, on one line. */
function elementOf(bytes: Buffer): Uint8Array {
  let at = bytes.indexOf(quote) + 1;
  while (bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  let start = bytes.indexOf(comma, at) + 1;
  let end = bytes.lastIndexOf(closingBracket);
  while (bytes[start]! <= 32) start++;
  while (bytes[end - 1]! <= 32) end--;
  const element = Buffer.from(bytes.subarray(start, end));
  // A line break within JSON is white space.
  for (let place = 0; place < element.length; place++) if (element[place]! < 32) element[place] = 32;
  return element;
}

function wrong(what: string): PlimsollError {
  return new PlimsollError("RELAY_MESSAGE", { what });
}
