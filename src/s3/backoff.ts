import { doubledMs, s3BackoffMs, s3BackoffMsMax, s3RetryAfterMsMax } from "../kernel/index.js";

/**
 * How long to wait before the next try: anywhere between zero and a bound that doubles, so that those who
 * failed together do not come back together; and never less than the server asks for.
 */
export function backoffMs(failedTries: number, retryAfter: string | undefined, random: () => number): number {
  const spreadMs = random() * doubledMs(failedTries, s3BackoffMs, s3BackoffMsMax);
  return Math.min(s3RetryAfterMsMax, retryAfterMs(retryAfter) + spreadMs);
}

/** Seconds; dates are what proxies send, and are not worth trusting two clocks for. */
function retryAfterMs(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : 0;
}
