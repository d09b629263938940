import { PlimsollError } from "../../kernel/index.js";

/** What the name of a snapshot's object says: `<database>__<instance>__<time>__<generation>.pb.gz`. */
export interface SnapshotNameParts {
  database: string;
  instance: string;
  timestampNano: bigint;
  generation: string;
  /** Parts behind the generation, as other editions of the original add them. */
  extra: string[];
}

/** What today's programs write for a generation; it has no meaning any more. */
export const snapshotGeneration = "GX";

const extension = "pb.gz";
const nanosPerSecond = 1_000_000_000n;

/** 20220102-030405-012345678: a date, a time of day and the nanoseconds, in UTC. */
const stampPattern = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\d{9})$/;

/**
 * Reads a name; undefined where it is none of a snapshot, for the same prefix may hold other things. Names of
 * one database and instance sort by time as texts do.
 */
export function parseSnapshotName(name: string): SnapshotNameParts | undefined {
  const dot = name.indexOf(".");
  if (dot < 0 || name.slice(dot + 1) !== extension) return undefined;
  const [database, instance, stamp, generation, ...extra] = name.slice(0, dot).split("__");
  if (generation === undefined) return undefined;
  const timestampNano = parseStamp(stamp!);
  if (timestampNano === undefined) return undefined;
  return { database: database!, instance: instance!, timestampNano, generation, extra };
}

/** Puts a name together that reads as what it was made of. */
export function makeSnapshotName(parts: {
  database: string;
  instance: string;
  timestampNano: bigint;
  generation?: string;
}): string {
  const { database, instance, timestampNano, generation = snapshotGeneration } = parts;
  checkDatabase(database);
  if (instance === "" || instance !== instanceNameOf(instance)) {
    throw refused("Instance", instance, "letters, digits and hyphens alone may be there");
  }
  return `${snapshotPrefix(database)}${instance}__${stampOf(timestampNano)}__${generation}.${extension}`;
}

/** What all names of a database's snapshots begin with. */
export function snapshotPrefix(database: string): string {
  checkDatabase(database);
  return `${database}__`;
}

/**
 * A name that people gave, as it may stand in a snapshot's name: what is not a letter, a digit or `-` becomes
 * one.
 */
export function instanceNameOf(name: string): string {
  return name.replace(/[^a-zA-Z0-9-]/g, "-");
}

/** Two underscores part a name, and the first dot ends it. */
function checkDatabase(database: string): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(database)) {
    throw refused("Database", database, "letters, digits, hyphens and underscores alone may be there");
  }
  if (database.includes("__") || database.endsWith("_")) {
    throw refused("Database", database, "two underscores part the name");
  }
}

function refused(what: string, value: string, reason: string): PlimsollError {
  return new PlimsollError("SNAPSHOT_NAME_INVALID", { what, value: JSON.stringify(value), reason });
}

export function stampOf(timestampNano: bigint): string {
  const time = new Date(Number(timestampNano / 1_000_000n)).toISOString();
  const nanos = String(timestampNano % nanosPerSecond).padStart(9, "0");
  return `${time.slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}-${nanos}`;
}

function parseStamp(stamp: string): bigint | undefined {
  const match = stampPattern.exec(stamp);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second, nanos] = match.slice(1).map(Number) as number[];
  const seconds = BigInt(Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)) / 1000n;
  const timestampNano = seconds * nanosPerSecond + BigInt(nanos!);
  // A day or an hour that there is not would have become another one.
  return year! >= 1970 && stampOf(timestampNano) === stamp ? timestampNano : undefined;
}
