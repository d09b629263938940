import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import {
  PlimsollError,
  tokenBytes,
  tokenNameLengthMax,
  tokensFileBytesMax,
  tokensMax,
  writeFileDurably,
} from "../kernel/index.js";

export const scopes = ["read", "write", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** A token as it is kept: whoever reads the file cannot use it. */
export interface KeptToken {
  name: string;
  scope: Scope;
  sha256: string;
  createdAt: string;
}

const fileSchema = v.strictObject({
  version: v.literal(1),
  tokens: v.pipe(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), v.minLength(1), v.maxLength(tokenNameLengthMax)),
        scope: v.picklist(scopes),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
        createdAt: v.string(),
      }),
    ),
    v.maxLength(tokensMax),
  ),
});

export function readTokens(file: string): KeptToken[] {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > tokensFileBytesMax) throw new Error(`it has more than ${tokensFileBytesMax} bytes`);
    return v.parse(fileSchema, JSON.parse(text)).tokens;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("TOKENS_INVALID", { file, reason }, { cause });
  }
}

/** Makes a token; only its hash is kept, so the answer is the one time that it can be seen. */
export function addToken(file: string, options: { name: string | null; scope: Scope }): string {
  const tokens = existsSync(file) ? readTokens(file) : [];
  const name = options.name ?? nextName(tokens, options.scope);
  const refuse = (reason: string) => new PlimsollError("TOKENS_INVALID", { file, reason });
  if (name.length > tokenNameLengthMax) throw refuse(`a name has at most ${tokenNameLengthMax} characters`);
  if (tokens.some((token) => token.name === name)) throw refuse(`there is a token ${name} already`);
  if (tokens.length >= tokensMax) throw refuse(`it has ${tokensMax} tokens already`);
  const token = `plimsoll_${randomBytes(tokenBytes).toString("base64url")}`;
  const createdAt = new Date().toISOString();
  writeTokens(file, [...tokens, { name, scope: options.scope, sha256: hashOf(token), createdAt }]);
  return token;
}

export function removeToken(file: string, name: string): void {
  const tokens = readTokens(file);
  const left = tokens.filter((token) => token.name !== name);
  if (left.length === tokens.length) throw new PlimsollError("TOKEN_UNKNOWN", { file, name });
  writeTokens(file, left);
}

/** The scope of a token; null for one that is not among them. All are compared, in the same time each. */
export function scopeOf(tokens: readonly KeptToken[], token: string): Scope | null {
  const given = Buffer.from(hashOf(token), "hex");
  let scope: Scope | null = null;
  for (const kept of tokens) {
    if (timingSafeEqual(given, Buffer.from(kept.sha256, "hex"))) scope = kept.scope;
  }
  return scope;
}

/** Each scope may do what the ones before it may. */
export function isWithin(scope: Scope, wanted: Scope): boolean {
  return scopes.indexOf(scope) >= scopes.indexOf(wanted);
}

function writeTokens(file: string, tokens: readonly KeptToken[]): void {
  try {
    writeFileDurably(file, `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`, 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("TOKENS_INVALID", { file, reason }, { cause });
  }
}

function nextName(tokens: readonly KeptToken[], scope: Scope): string {
  for (let number = 1; ; number++) {
    const name = `${scope}-${number}`;
    if (!tokens.some((token) => token.name === name)) return name;
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
