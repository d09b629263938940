import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** The package takes some megabytes of the line: it is loaded when there is a pattern to match. */
export function re2Library(): typeof import("re2js") {
  return load("re2js") as typeof import("re2js");
}
