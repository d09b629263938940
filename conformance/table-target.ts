import type { Target } from "../src/ports/index.js";
import { tableClauses } from "./table-clauses.js";

/** A way to make relational targets of one kind: the same place gives the same database. */
export interface TableSubject {
  name: string;
  make(place: string): Target;
  /** A new place, with nothing in it. */
  makePlace(): string;
  /** The rows of a table as others see them: values by the order of columns, dates as text, sorted by all. */
  readRows(place: string, table: string, columns: readonly string[]): Promise<unknown[][]>;
}

export interface TableClause {
  id: string;
  title: string;
  /** Throws when the subject breaks the clause. */
  check(subject: TableSubject): Promise<void>;
}

export interface TableConformance extends TableSubject {
  runner: {
    describe(name: string, body: () => void): void;
    test(name: string, body: () => Promise<void>): void;
  };
}

/** Runs every clause for one kind of relational target. */
export function tableConformance({ runner, ...subject }: TableConformance): void {
  runner.describe(`relational target conformance: ${subject.name}`, () => {
    for (const clause of tableClauses) {
      runner.test(`${clause.id} ${clause.title}`, () => clause.check(subject));
    }
  });
}

export { tableClauses } from "./table-clauses.js";
