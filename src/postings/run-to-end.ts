/** Carries out work that pauses, without stopping at its pauses, and returns its result. */
export function runToEnd<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
