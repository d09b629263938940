import { failureOf } from "./failure.js";
import { linesOf } from "./lines.js";
import { currentToken, renewToken, tokenHeaders } from "./token.js";

/** A request that carries the token, and asks for one when the server wants it. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const used = currentToken();
    const response = await fetch(path, { ...init, headers: { ...init.headers, ...tokenHeaders() } });
    if (response.ok) return response;
    const body = await response.text();
    if (response.status === 401 && (await renewToken(used)) !== null) continue;
    throw failureOf(response.status, body);
  }
}

export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as Answer;
}

export function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Lines of an answer as they come. */
export async function* postForLines(
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const response = await post(path, body, signal);
  if (response.body !== null) yield* linesOf(response.body);
}
