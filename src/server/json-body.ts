import type { IncomingMessage } from "node:http";
import { PlimsollError } from "../kernel/index.js";
import { readSmallBody } from "./record-bodies.js";

/** A small body as JSON. */
export async function readJsonBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  return parseObject(await readSmallBody(request));
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("REQUEST_INVALID", { what: `its body is no JSON (${reason})` }, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new PlimsollError("REQUEST_INVALID", { what: "its body must be a JSON object" });
}
