import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { instanceNameOf } from "../snapshots/index.js";
import type { CommandHost } from "./host.js";

/** Who sends, as it stands in names of snapshots. */
export function instanceName(host: CommandHost, configured: string | null = null): string {
  return instanceNameOf(host.values.text("instance") ?? configured ?? hostname());
}

/** What the database is called there. */
export function databaseName(host: CommandHost, path: string): string {
  const named = host.values.text("database");
  if (named !== null) return named;
  // Two underscores part a name, and one at its end would make two.
  const name = instanceNameOf(basename(resolve(path)).replaceAll("_", "-")).replace(/^-+|-+$/g, "");
  return name === "" ? "store" : name;
}
