import { createRequire } from "node:module";

/**
 * A function of the C library that this process runs on, by its declaration. Throws where there is none: on
 * another system, or where the package that reaches it was left out.
 */
export function cFunction<F>(declaration: string): F {
  const { load } = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  return load(null).func(declaration) as unknown as F;
}
