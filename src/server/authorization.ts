import { statSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { PlimsollError } from "../kernel/index.js";
import { isWithin, type KeptToken, readTokens, type Scope, scopeOf } from "./tokens.js";

/** A request, or what is kept of one: by what somebody is known. */
export interface Requester {
  url?: string | undefined;
  headers: IncomingHttpHeaders;
}

/** Says who may do what. */
export interface Authorization {
  check(request: Requester, wanted: Scope | null): void;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** By tokens, from a file that is read again when it has changed: a token that is removed ends at once. */
export class TokenAuthorization implements Authorization {
  readonly #file: string;
  #tokens: KeptToken[];
  #readAt: string;

  constructor(file: string) {
    this.#file = file;
    this.#tokens = readTokens(file);
    this.#readAt = stampOf(file);
  }

  check(request: Requester, wanted: Scope | null): void {
    if (wanted === null) return;
    const token = tokenOf(request);
    if (token === undefined) throw new PlimsollError("TOKEN_MISSING", { what: "none was sent" });
    this.#refresh();
    const scope = scopeOf(this.#tokens, token);
    if (scope === null)
      throw new PlimsollError("TOKEN_MISSING", { what: "the one that was sent is not known" });
    if (!isWithin(scope, wanted)) throw new PlimsollError("TOKEN_TOO_WEAK", { scope: wanted });
  }

  #refresh(): void {
    const stamp = stampOf(this.#file);
    if (stamp === this.#readAt) return;
    this.#tokens = readTokens(this.#file);
    this.#readAt = stamp;
  }
}

/** A browser can give a WebSocket no headers: only there the address may hold the token. */
function tokenOf({ url, headers }: Requester): string | undefined {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (given !== undefined || headers.upgrade === undefined) return given;
  return new URLSearchParams((url ?? "").split("?")[1]).get("access_token") ?? undefined;
}

/** A file that is gone, or cannot be read any more, lets nobody in. */
function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "absent";
  }
}

/**
 * Without tokens only this machine may come. A page from elsewhere, open in a browser on this machine, comes
 * from here too: it is told by the name it uses for us (rebound DNS), and by its origin (forged requests).
 */
export class LoopbackAuthorization implements Authorization {
  check(request: Requester, wanted: Scope | null): void {
    const { host = "", origin } = request.headers;
    const refuse = (what: string) => new PlimsollError("REQUEST_REFUSED", { what });
    const name = hostNameOf(`http://${host}`);
    if (name === null || !isLoopback(name)) throw refuse("this request names another host");
    // A link to the page, from wherever, is all right.
    if (wanted === null) return;
    const site = request.headers["sec-fetch-site"];
    if (site === "cross-site" || site === "same-site") throw refuse("this request comes from another site");
    if (origin === undefined) return;
    if (origin.toLowerCase() !== `http://${host}`.toLowerCase()) {
      throw refuse("this request comes from another origin");
    }
  }
}

function hostNameOf(address: string): string | null {
  try {
    return new URL(address).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return null;
  }
}
