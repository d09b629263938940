import { tableNameBytesMax } from "../kernel/index.js";

/**
 * Names that are reserved: by SQLite, by PostgreSQL, and for what Plimsoll itself keeps beside the tables.
 */
const reservedPattern = /^(sqlite_|pg_|plimsoll_)/;

/**
 * Deals names that mean the same in every database, quoted or not: lower-case letters, digits and `_`. Two
 * that would be one are told apart by a number.
 */
export class NameSpace {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  take(wanted: string): string {
    const plain = plainName(wanted);
    for (let number = 1; ; number += 1) {
      const ending = number === 1 ? "" : `_${number}`;
      const name = plain.slice(0, tableNameBytesMax - ending.length) + ending;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

export function plainName(wanted: string): string {
  const plain = wanted.toLowerCase().replace(/[^a-z0-9_]/g, "_");
  return reservedPattern.test(plain) ? `t_${plain}` : plain;
}
