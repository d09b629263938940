import type { ServerResponse } from "node:http";
import { retryAfterSeconds } from "../kernel/index.js";
import type { Failure } from "./failure.js";

/** On every answer: nothing is loaded from elsewhere, guessed, framed, told to others or kept. */
const securityHeaders = Object.entries({
  "Content-Security-Policy":
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
});

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of securityHeaders) response.setHeader(name, value);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  sendText(response, status, `${JSON.stringify(value)}\n`, {
    "Content-Type": "application/json",
    ...headers,
  });
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string>,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, { ...headers, "Content-Length": String(body.length) });
  response.end(body);
}

/** A failure before anything was sent; afterwards there is nothing left but to cut the connection. */
export function sendFailure(
  response: ServerResponse,
  failure: Failure,
  more: Record<string, unknown> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = {};
  if (failure.status === 503) headers["Retry-After"] = String(retryAfterSeconds);
  if (failure.status === 401) headers["WWW-Authenticate"] = 'Bearer realm="plimsoll"';
  sendJson(response, failure.status, { error: failure.error, ...more }, headers);
}
