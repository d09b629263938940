import { ApiFailure, failureOf, unreachable } from "./failure.js";
import { currentToken, renewToken, tokenHeaders } from "./token.js";
import type { Job } from "./types.js";

export interface UploadListener {
  onSent: (bytes: number) => void;
}

/**
 * Sends a file as it lies on the disk; the browser reads it in pieces. Only XMLHttpRequest tells how much has
 * gone out: fetch does not, and cannot stream a body over HTTP/1.1.
 */
export async function upload(
  path: string,
  file: File,
  listener: UploadListener,
  signal: AbortSignal,
): Promise<Job> {
  for (;;) {
    const used = currentToken();
    try {
      return await send(path, file, listener, signal);
    } catch (error) {
      const isRefused = error instanceof ApiFailure && error.status === 401;
      if (isRefused && (await renewToken(used)) !== null) continue;
      throw error;
    }
  }
}

function send(path: string, file: File, listener: UploadListener, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", abort);
      settle();
    };
    request.open("POST", path);
    request.setRequestHeader("prefer", "respond-async");
    request.setRequestHeader("content-type", "application/octet-stream");
    for (const [name, value] of Object.entries(tokenHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => listener.onSent(event.loaded));
    request.addEventListener("load", () => end(() => settleAnswer(request, resolve, reject)));
    request.addEventListener("error", () => end(() => reject(new ApiFailure(unreachable, 0))));
    request.addEventListener("abort", () => end(() => reject(new DOMException("", "AbortError"))));
    signal.addEventListener("abort", abort);
    request.send(file);
  });
}

function settleAnswer(
  request: XMLHttpRequest,
  resolve: (job: Job) => void,
  reject: (failure: ApiFailure) => void,
): void {
  if (request.status < 200 || request.status > 299) {
    reject(failureOf(request.status, request.responseText));
    return;
  }
  try {
    resolve((JSON.parse(request.responseText) as { import: Job }).import);
  } catch {
    reject(failureOf(request.status, request.responseText));
  }
}
