import type { Source } from "../src/ports/index.js";
import { sourceClauses } from "./source-clauses.js";

/** A record of the suite: names and text, which every format can hold. */
export type SuiteRecord = Record<string, string>;

export interface MadeSource {
  source: Source;
  /** The decompressed bytes that the source was made of. */
  content: Uint8Array;
}

export interface MakeOptions {
  /** Bytes of the stored form that are kept; the rest is cut off. */
  keptBytes?: number;
  /** Index of a stored byte that is changed. */
  hurtByte?: number;
  /** The size of the pieces in which a stream's stored bytes arrive. */
  pieceBytes?: number;
}

/** A way to make sources of one kind; every call makes a new one, equal to the former for equal records. */
export interface SourceSubject {
  name: string;
  make(records: readonly SuiteRecord[], options?: MakeOptions): Promise<MadeSource>;
  /** The size of the stored form. */
  storedBytes(records: readonly SuiteRecord[]): Promise<number>;
}

export interface SourceClause {
  id: string;
  title: string;
  /** Throws when the subject breaks the clause. */
  check(subject: SourceSubject): Promise<void>;
}

export interface SourceConformance extends SourceSubject {
  runner: {
    describe(name: string, body: () => void): void;
    test(name: string, body: () => Promise<void>): void;
    skip(name: string): void;
  };
  /** Clauses that a kind cannot meet, each with its reason. */
  skipped?: { id: string; reason: string }[];
}

/** Runs every clause of the port on one kind of source. */
export function sourceConformance({ runner, skipped = [], ...subject }: SourceConformance): void {
  runner.describe(`source conformance: ${subject.name}`, () => {
    for (const clause of sourceClauses) {
      const skip = skipped.find(({ id }) => id === clause.id);
      const title = `${clause.id} ${clause.title}`;
      if (skip !== undefined) runner.skip(`${title} (${skip.reason})`);
      else runner.test(title, () => clause.check(subject));
    }
  });
}

export { sourceClauses } from "./source-clauses.js";
