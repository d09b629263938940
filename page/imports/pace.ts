import type { Job, Progress } from "../api/types.js";

/**
 * Where an import stood when it was first seen here: a resumed one did not read all of its bytes in this
 * time.
 */
export interface Beginning {
  bytesRead: number;
  elapsedSeconds: number;
}

/**
 * How far the phase is and how long it takes still. A server that streams an upload knows no size of its
 * source; the bytes that were announced for the body are one.
 */
export function paceOf(
  job: Job,
  progress: Progress,
  since: Beginning,
): Pick<Progress, "fraction" | "etaSeconds"> {
  const { fraction, etaSeconds, bytesRead, elapsedSeconds } = progress;
  const isKnown = fraction !== null || progress.phase !== "read" || !job.bytesExpected;
  if (isKnown) return { fraction, etaSeconds };
  const bytesHere = bytesRead - since.bytesRead;
  const seconds = elapsedSeconds - since.elapsedSeconds;
  const bytesLeft = Math.max(0, job.bytesExpected! - bytesRead);
  return {
    fraction: Math.min(1, bytesRead / job.bytesExpected!),
    // The first second says little: what is buffered on the way is read at once.
    etaSeconds: seconds < 1 || bytesHere <= 0 ? null : (bytesLeft / bytesHere) * seconds,
  };
}
