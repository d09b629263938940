import {
  KiB,
  sqliteBusyMs,
  sqliteCacheFraction,
  sqliteFilePageBytes,
  sqliteLogPagesMax,
} from "../../kernel/index.js";
import { readValue, type SqliteDatabase, type SqliteDriver, type SqliteStatement } from "./driver.js";
import { LogSync } from "./log-sync.js";

export interface ConnectionOptions {
  path: string;
  driver: SqliteDriver;
  /** Bytes that the pages of the database may take in memory. */
  cacheBytes: number;
}

/**
 * The one connection that writes: pages and sorters within their bounds, temporary tables in files. A
 * database that is there already gets a write-ahead log, so that others can read it meanwhile. One that is
 * made here is the connection's alone until it is shared: its new pages go straight into the file, once,
 * since a rollback journal needs nothing of what was not there before. What outlives the connection is as it
 * was when that is closed.
 */
export class Connection {
  readonly database: SqliteDatabase;
  readonly #journalMode: string;
  readonly #logSync: LogSync;
  readonly #statements = new Map<string, SqliteStatement>();
  #isAlone: boolean;
  #isInTransaction = false;
  #isClosed = false;

  constructor({ path, driver: Driver, cacheBytes }: ConnectionOptions) {
    this.database = new Driver(path);
    this.#logSync = new LogSync(path);
    this.database.exec(`PRAGMA busy_timeout = ${sqliteBusyMs}`);
    this.#isAlone = readValue(this.database, "PRAGMA page_count") === 0;
    // Of a database that is there already it says what its next VACUUM makes of it: that is left alone.
    if (this.#isAlone) this.database.exec(`PRAGMA page_size = ${sqliteFilePageBytes}`);
    this.#journalMode = String(readValue(this.database, "PRAGMA journal_mode"));
    if (this.#isAlone) {
      readValue(this.database, "PRAGMA locking_mode = EXCLUSIVE");
      this.database.exec("PRAGMA synchronous = FULL");
    } else this.#openLog();
    // A sorter takes as much again as the cache.
    const cacheKiB = Math.max(256, Math.floor((cacheBytes * sqliteCacheFraction) / KiB));
    this.database.exec(
      `PRAGMA temp_store = FILE; PRAGMA cache_size = -${cacheKiB}; PRAGMA foreign_keys = OFF`,
    );
    readValue(this.database, "PRAGMA mmap_size = 0");
  }

  /** A statement that is prepared once; the number of different ones is bounded by the plan. */
  statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  run(sql: string, params: Parameters<SqliteStatement["run"]>[0] = []): number {
    return this.statement(sql).run(params).changes;
  }

  get(sql: string, params: Parameters<SqliteStatement["get"]>[0] = []): unknown {
    return this.statement(sql).get(params);
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  /** Everything from here to `commit` is one transaction; a second call changes nothing. */
  begin(): void {
    if (this.#isInTransaction) return;
    this.run("BEGIN IMMEDIATE");
    this.#isInTransaction = true;
  }

  commit(): void {
    this.run("COMMIT");
    this.#isInTransaction = false;
    if (!this.#isAlone) this.#logSync.begin();
  }

  /** Between transactions: from here on others can read what was committed. */
  share(): void {
    if (!this.#isAlone) return;
    this.#unlock();
    this.#openLog();
  }

  /** All that was written is in the database file and on the disk. */
  flush(): void {
    readValue(this.database, "PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Idempotent; what was not committed is undone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#logSync.close();
    try {
      if (this.#isInTransaction) this.database.exec("ROLLBACK");
      if (this.#isAlone) this.#unlock();
      // Others may be reading: then the log stays, which harms nobody.
      readValue(this.database, `PRAGMA journal_mode = ${this.#journalMode}`);
    } catch {
      // The database is left as its last commit has it.
    } finally {
      this.database.close();
    }
  }

  /** The driver may keep a connection for a while after it was closed, so its lock is not left to that. */
  #unlock(): void {
    this.#isAlone = false;
    readValue(this.database, "PRAGMA locking_mode = NORMAL");
    // It goes with the next statement that reads.
    readValue(this.database, "SELECT count(*) FROM sqlite_master");
  }

  #openLog(): void {
    readValue(this.database, "PRAGMA journal_mode = WAL");
    this.database.exec("PRAGMA synchronous = NORMAL");
    readValue(this.database, `PRAGMA wal_autocheckpoint = ${sqliteLogPagesMax}`);
  }
}
