import type { IncomingMessage, ServerResponse } from "node:http";
import { PlimsollError } from "../kernel/index.js";
import { sendFailure, setSecurityHeaders, writeFailure } from "./answers.js";
import type { Authorization } from "./authorization.js";
import { ClientGone } from "./client-gone.js";
import { Exchange, type ServerParts } from "./exchange.js";
import { type Failure, failureOf, logTextOf, stackOf } from "./failure.js";
import { checkParameters } from "./import-options.js";
import { type Found, findRoute, methodsOf } from "./router.js";
import { countUp } from "./server-counts.js";
import { lingerOver } from "./upload.js";

export interface HandlerOptions {
  parts: ServerParts;
  authorization: Authorization;
  /** Aborted when the server stops. */
  signal: AbortSignal;
  /** The client waits for a word before it sends its body. */
  isBodyAwaited: boolean;
}

/** Answers one request, whatever happens while it does. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> {
  const { parts } = options;
  setSecurityHeaders(response);
  // A client that breaks off is no event: whoever reads the body hears of it.
  request.on("error", () => {});
  response.on("error", () => {});
  try {
    await answer(request, response, options);
  } catch (error) {
    await endFailed(request, response, parts, error).catch((cause: unknown) => {
      parts.settings.note(`${stackOf(cause)}\n`);
      response.destroy();
    });
  } finally {
    countUp(parts.counts.requests, String(response.statusCode));
    closeUnlessTaken(response, parts.limits.answerIdleMsMax);
  }
}

async function endFailed(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, limits }: ServerParts,
  error: unknown,
): Promise<void> {
  if (error instanceof ClientGone || response.destroyed) {
    response.destroy();
    return;
  }
  const failure = failureOf(error, settings.storePath);
  if (failure.status === 500) settings.note(`${logTextOf(error)}\n`);
  await refuse(request, response, failure, limits.lingerMsMax);
}

/** What was answered at once is given up when the client does not take it. */
function closeUnlessTaken(response: ServerResponse, ms: number): void {
  if (response.writableFinished || response.destroyed) return;
  const timer = setTimeout(() => response.destroy(), ms);
  response.once("close", () => clearTimeout(timer));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { parts, authorization, signal, isBodyAwaited }: HandlerOptions,
): Promise<void> {
  const url = addressOf(request);
  const method = request.method ?? "GET";
  const { route, path } = routeOf(method, url.pathname, response);
  authorization.check(request, route.scope);
  const refusal = route.scope === "write" ? parts.snapshots.writeRefusal : null;
  if (refusal !== null) throw refusal;
  checkParameters(url.searchParams, route.parameters);
  if (isBodyAwaited) response.writeContinue();
  // A token may be removed while a long request goes on: that ends as if its client had gone.
  const recheck = setInterval(() => {
    try {
      authorization.check(request, route.scope);
    } catch {
      response.destroy();
    }
  }, parts.limits.tokenRecheckMs);
  try {
    await route.handle(
      new Exchange(parts, { request, response, query: url.searchParams, path, stopping: signal }),
    );
  } finally {
    clearInterval(recheck);
  }
}

function routeOf(method: string, path: string, response: ServerResponse): Found {
  try {
    return findRoute(method, path);
  } catch (error) {
    const methods = methodsOf(path);
    if (methods.length > 0) response.setHeader("Allow", methods.join(", "));
    throw error;
  }
}

function addressOf(request: IncomingMessage): URL {
  const text = request.url ?? "/";
  const refuse = (what: string) => new PlimsollError("REQUEST_INVALID", { what });
  // An address that begins with two slashes, or with a scheme, would name another host.
  if (!text.startsWith("/") || text.startsWith("//")) throw refuse("its address is no path");
  try {
    return new URL(text, "http://server.invalid");
  } catch {
    throw refuse("its address cannot be read");
  }
}

/**
 * A body that is still on its way is read away for a moment, then the connection is closed. The answer does
 * not end before: its end would close the connection on a client that is still writing, and never reads it.
 */
async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  failure: Failure,
  lingerMs: number,
): Promise<void> {
  if (!response.headersSent && !request.complete) {
    response.shouldKeepAlive = false;
    writeFailure(response, failure);
    await lingerOver(request, lingerMs);
    response.end();
    return;
  }
  sendFailure(response, failure);
}
