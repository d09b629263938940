import type { IncomingMessage } from "node:http";
import { headersMsMax, jsonBodyBytesMax, PlimsollError } from "../kernel/index.js";

/** A small body as JSON; a larger one, or one that takes its time, is refused. */
export async function readJsonBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const tooLarge = () => new PlimsollError("BODY_TOO_LARGE", { bytesMax: jsonBodyBytesMax });
  if (Number(request.headers["content-length"] ?? 0) > jsonBodyBytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(), headersMsMax);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > jsonBodyBytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return parseObject(Buffer.concat(chunks));
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
