import type { CompiledMapping } from "../../model/index.js";
import { asDatabaseCondition } from "./conditions.js";
import { readValue, type SqliteDriver } from "./driver.js";

/** What is in Plimsoll's own table, read by a connection of its own; null when no import made it. */
export function readStoredMapping(path: string, Driver: SqliteDriver): CompiledMapping | null {
  try {
    const database = new Driver(path);
    try {
      const isThere = "SELECT 1 FROM sqlite_master WHERE name = 'plimsoll_state'";
      if (readValue(database, isThere) === undefined) return null;
      const text = readValue(database, "SELECT value FROM plimsoll_state WHERE name = 'mapping'");
      return typeof text === "string" ? (JSON.parse(text) as CompiledMapping) : null;
    } finally {
      database.close();
    }
  } catch (error) {
    throw asDatabaseCondition(error, `sqlite:${path}`);
  }
}
