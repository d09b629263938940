import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface SignatureKeys {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * Checks an AWS Signature Version 4 as its specification has it, of a request as it came over the wire. Returns the
 * code of what is wrong; null where nothing is. Apart from the library that signs, so that one proves the other.
 */
export function signatureFault(
  request: IncomingMessage,
  body: Buffer,
  keys: SignatureKeys,
  nowMs: number,
): string | null {
  const { headers } = request;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
  if (parts === null) return "AccessDenied";
  const [, id, day, region, signedNames, signature] = parts as unknown as string[];
  if (id !== keys.accessKeyId) return "InvalidAccessKeyId";
  const date = String(headers["x-amz-date"]);
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  if (Math.abs(Date.parse(iso) - nowMs) > 15 * 60_000) return "RequestTimeTooSkewed";
  const contentHash = String(headers["x-amz-content-sha256"]);
  if (contentHash !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const names = signedNames!.split(";");
  const needed = Object.keys(headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  if (needed.some((name) => !names.includes(name))) return "AccessDenied";
  const [path, query = ""] = request.url!.split("?");
  const canonical = [
    request.method,
    encoded(decodeURIComponent(path!)).replace(/%2F/g, "/"),
    canonicalQuery(query),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    signedNames,
    contentHash,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(Buffer.from(canonical))].join("\n");
  let key = hmac(`AWS4${keys.secretAccessKey}`, day!);
  for (const word of [region!, "s3", "aws4_request"]) key = hmac(key, word);
  return hmac(key, text).toString("hex") === signature ? null : "SignatureDoesNotMatch";
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query.split("&").map((pair) => {
    const [name, value = ""] = pair.split("=");
    return `${encoded(decodeURIComponent(name!))}=${encoded(decodeURIComponent(value))}`;
  });
  return pairs.sort().join("&");
}

function encoded(text: string): string {
  const unreserved = /[A-Za-z0-9\-._~]/;
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return unreserved.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
