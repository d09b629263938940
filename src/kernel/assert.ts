/**
 * An assertion marks a bug in this code base, never a condition that input or the machine can cause:
 * it carries no code, is not documented for users and is not meant to be caught.
 */
export class AssertionError extends Error {
  override name = "AssertionError";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the type checker has proven empty. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${String(value)}`);
}
