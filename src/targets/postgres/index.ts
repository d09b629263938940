import type { CompiledMapping } from "../../model/index.js";
import { type Target, type TargetOpenOptions, tableCapabilities } from "../../ports/index.js";
import { parsePostgresAddress } from "./address.js";
import { PostgresSession } from "./session.js";
import { readStoredMapping } from "./state.js";

export { postgresStats } from "./stats.js";

/** A database on a PostgreSQL server: tables made from the mapping, or one that is there (behind `#`). */
export function postgresTarget(text: string): Target {
  const address = parsePostgresAddress(text);
  return {
    name: address.name,
    capabilities: tableCapabilities,
    open: (options: TargetOpenOptions) => PostgresSession.open(address, options),
  };
}

/** The mapping that former imports have left in a database; null when there is none. */
export function postgresMapping(text: string): Promise<CompiledMapping | null> {
  return readStoredMapping(parsePostgresAddress(text));
}
