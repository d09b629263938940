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
  sendJson(response, failure.status, { error: failure.error, ...more }, failureHeaders(failure));
}

/** All of the answer but its end, which closes the connection where the answer is the last one. */
export function writeFailure(response: ServerResponse, failure: Failure): void {
  const body = Buffer.from(`${JSON.stringify({ error: failure.error })}\n`);
  response.writeHead(failure.status, {
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    ...failureHeaders(failure),
  });
  response.write(body);
}

function failureHeaders({ status }: Failure): Record<string, string> {
  if (status === 503) return { "Retry-After": String(retryAfterSeconds) };
  return status === 401 ? { "WWW-Authenticate": 'Bearer realm="plimsoll"' } : {};
}
