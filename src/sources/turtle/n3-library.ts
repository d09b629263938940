import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** The package takes some megabytes of the line: it is loaded when there is Turtle to read. */
export function n3Library(): typeof import("n3") {
  return load("n3") as typeof import("n3");
}
