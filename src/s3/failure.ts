import type { IncomingHttpHeaders } from "node:http";
import { PlimsollError } from "../kernel/index.js";
import { readXml } from "./xml.js";

/** What a server said no with, or what kept it from saying anything. */
export class S3Failure extends Error {
  override name = "S3Failure";
  /** 0 where no answer came. */
  readonly status: number;
  /** S3's own code, such as `SlowDown`, or that of the system. */
  readonly code: string;
  readonly headers: IncomingHttpHeaders;

  constructor(status: number, code: string, reason: string, headers: IncomingHttpHeaders = {}) {
    super(reason);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  /** Whether the same request may be answered otherwise a little later. */
  get isPassing(): boolean {
    if (this.status === 0) return !neverPassing.has(this.code);
    return passingStatuses.has(this.status) || passingCodes.has(this.code);
  }

  /** Whether the server may have done what it was asked, although nobody heard of it. */
  get isUncertain(): boolean {
    return this.status < 300 || this.status >= 500 || this.code === "NoSuchUpload";
  }
}

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
const passingCodes = new Set([
  "RequestTimeout",
  "SlowDown",
  "ConditionalRequestConflict",
  "OperationAborted",
]);
export const closedCode = "CLOSED";
const certificateCodes = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);
/** Names that do not resolve and certificates that do not fit stay so. */
const neverPassing = new Set([closedCode, "ENOTFOUND", ...certificateCodes]);

export interface AnswerForm {
  /** What its outermost element must be. */
  root?: string;
  repeated?: readonly string[];
}

/** An answer taken apart; one that is no XML, or another one than was asked for, is a failure as well. */
export function readAnswer(text: string, { root, repeated }: AnswerForm = {}): ReturnType<typeof readXml> {
  let read: ReturnType<typeof readXml>;
  try {
    read = readXml(text, repeated);
  } catch (error) {
    throw new S3Failure(200, "", `its answer is no XML: ${(error as Error).message}`.slice(0, 200));
  }
  if (root === undefined || read.rootName === root) return read;
  const found = read.rootName.slice(0, 60);
  throw new S3Failure(200, "", `it answers with <${found}> where S3 has <${root}>: is it an S3 server?`);
}

/** The failure that an answer's status and body tell of; bodies of others than S3 count by their status. */
export function failureOf(status: number, headers: IncomingHttpHeaders, body: string): S3Failure {
  let code = "";
  let message = "";
  try {
    const { rootName, root } = readXml(body);
    if (rootName === "Error") {
      code = root.get("Code") ?? "";
      message = root.get("Message") ?? "";
    }
  } catch {}
  const words = [String(status), code, message].filter((word) => word !== "");
  return new S3Failure(status, code, words.join(" ").slice(0, 300), headers);
}

/** The condition that people see for a failure which is not the business of the one who asked. */
export function conditionOf(failure: S3Failure, storage: string, attempts: number): PlimsollError {
  const { status, code, message: reason } = failure;
  const region = failure.headers["x-amz-bucket-region"];
  const options = { cause: failure };
  if (certificateCodes.has(code))
    return new PlimsollError("STORAGE_CERTIFICATE", { storage, reason }, options);
  if (status === 0) return new PlimsollError("STORAGE_UNREACHABLE", { storage, reason }, options);
  if (typeof region === "string" && (status === 301 || status === 307 || status === 400))
    return new PlimsollError("STORAGE_REGION", { storage, region }, options);
  if (status === 401 || status === 403)
    return new PlimsollError("STORAGE_ACCESS", { storage, reason }, options);
  if (code === "NoSuchBucket")
    return new PlimsollError("STORAGE_ABSENT", { kind: "bucket", storage }, options);
  if (failure.isPassing) return new PlimsollError("STORAGE_BUSY", { storage, attempts, reason }, options);
  return new PlimsollError("STORAGE_FAILED", { storage, reason }, options);
}
