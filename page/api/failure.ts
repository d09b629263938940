import type { Problem } from "./types.js";

/** An answer that is no success, with the server's own code and message, or ours when there was no answer. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;

  constructor(problem: Problem, status: number) {
    super(problem.message);
    this.code = problem.code;
    this.status = status;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What is shown for anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiFailure) return { code: error.code, message: error.message };
  // fetch says no more than this when a connection cannot be made or breaks.
  if (error instanceof TypeError) return unreachable;
  return { code: "PAGE_FAULT", message: error instanceof Error ? error.message : String(error) };
}

/** The connection is gone, which the header tells already. */
export function isUnreachable(error: unknown): boolean {
  return problemOf(error).code === unreachable.code;
}

export const unreachable: Problem = {
  code: "NO_CONNECTION",
  message: "The server cannot be reached. See that `plimsoll serve` runs; the page goes on by itself.",
};

/** The failure that an answer's body tells of. */
export function failureOf(status: number, body: string): ApiFailure {
  try {
    const { error } = JSON.parse(body) as { error?: Partial<Problem> };
    if (typeof error?.code === "string" && typeof error.message === "string") {
      return new ApiFailure({ code: error.code, message: error.message }, status);
    }
  } catch {
    // No JSON: a proxy answered, not the server.
  }
  return new ApiFailure({ code: `HTTP_${status}`, message: `The answer was status ${status}.` }, status);
}
