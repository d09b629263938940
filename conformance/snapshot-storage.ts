import type { SnapshotStorage } from "../src/ports/index.js";
import { storageClauses } from "./storage-clauses.js";

/** A way to open storages of one kind: the same place gives the same objects. */
export interface StorageSubject {
  name: string;
  open(place: string): Promise<SnapshotStorage>;
  /** A new place, with nothing in it. */
  makePlace(): Promise<string>;
  /** An object of more bytes than the storage takes or gives at once. */
  largeBytes: number;
  /** More names than one page of a listing holds. */
  manyNames: number;
  /** Leaves behind what a writer of this name that was killed in its midst leaves; where that can be. */
  leaveWriting?(place: string, name: string): Promise<void>;
}

export interface StorageClause {
  id: string;
  title: string;
  /** Throws when the subject breaks the clause. */
  check(subject: StorageSubject): Promise<void>;
}

export interface StorageConformance extends StorageSubject {
  runner: {
    describe(name: string, body: () => void): void;
    test(name: string, body: () => Promise<void>): void;
  };
}

/** Runs every clause of the port on one kind of storage. */
export function storageConformance({ runner, ...subject }: StorageConformance): void {
  runner.describe(`storage conformance: ${subject.name}`, () => {
    for (const clause of storageClauses) {
      runner.test(`${clause.id} ${clause.title}`, () => clause.check(subject));
    }
  });
}

export { storageClauses } from "./storage-clauses.js";
