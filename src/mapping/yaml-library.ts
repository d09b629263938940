import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** The YAML package takes some 3 MiB of the line: it is loaded when there is YAML to read or to write. */
export function yamlLibrary(): typeof import("yaml") {
  return load("yaml") as typeof import("yaml");
}
