import { type Target, type TargetOpenOptions, tableCapabilities } from "../../ports/index.js";
import { parsePostgresAddress } from "./address.js";
import { PostgresSession } from "./session.js";

/** A database on a PostgreSQL server: tables made from the mapping, or one that is there (behind `#`). */
export function postgresTarget(text: string): Target {
  const address = parsePostgresAddress(text);
  return {
    name: address.name,
    capabilities: tableCapabilities,
    open: (options: TargetOpenOptions) => PostgresSession.open(address, options),
  };
}
