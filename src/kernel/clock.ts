/** Time as a part that can be replaced: tests hand in a clock of their own and never wait. */
export interface Clock {
  /** Milliseconds that only rise; for durations. */
  nowMs(): number;
  /** Milliseconds since 1970; for time stamps that people read. */
  wallMs(): number;
  /**
   * Resolves after `ms`, or at once when the signal aborts: the caller looks at its signal after every wait
   * anyway.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake, { once: true });
    });
  },
};

/** How long to wait behind so many failures in a row: doubled with each of them, up to the most. */
export function doubledMs(failures: number, firstMs: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 20));
}

/**
 * Milliseconds since this process began, as exact as the global clock. That one has Node.js load a module
 * first, which costs every thread that begins some milliseconds.
 */
export function uptimeMs(): number {
  return process.uptime() * 1000;
}
