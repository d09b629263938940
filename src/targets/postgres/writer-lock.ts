import { databaseWriterSecondsMax, PlimsollError } from "../../kernel/index.js";
import type { Connection } from "./connection.js";

/** The first half of every lock's key: other programs lock other things. */
const lockClass = 0x504c494d;
const retryMs = 250;

/**
 * Makes this connection the one writer of its tables; the lock ends with the connection. A writer that was
 * killed a moment ago is waited for: its server process may not have noticed yet.
 */
export async function lockWriter(connection: Connection, scope: string, database: string): Promise<void> {
  const deadline = performance.now() + databaseWriterSecondsMax * 1000;
  for (;;) {
    const [row] = await connection.rows<{ locked: boolean; pid: number | null }>(
      `WITH lock AS (SELECT hashtext(coalesce(current_schema(), '') || $1) AS key)
       SELECT pg_try_advisory_lock(${lockClass}, key) AS locked,
         (SELECT min(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.classid::bigint = ${lockClass} AND l.objid::bigint = key::bigint & 4294967295) AS pid
       FROM lock`,
      [scope],
    );
    if (row!.locked) return;
    if (performance.now() > deadline) {
      const reason = `an import holds it, server process ${row!.pid ?? "unknown"}`;
      throw new PlimsollError("DATABASE_LOCKED", { database, reason });
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}
