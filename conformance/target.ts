import type { StoreReader, Target } from "../src/ports/index.js";
import { targetClauses } from "./target-clauses.js";

/** A way to make targets of one kind: the same folder gives the same target. */
export interface TargetSubject {
  name: string;
  make(folder: string): Target;
  /** A new, empty folder. */
  makeFolder(): string;
  /** Opens what readers see, apart from any session; left out when the target keeps nothing to read. */
  openReader?(folder: string): Promise<StoreReader & AsyncDisposable>;
  /** The built module and its two functions, for clauses that need another process. */
  built?: { url: string; make: string; openReader: string };
}

export type TargetNeed = "sortedAppend" | "durable" | "elsewhere" | "reader";

export interface TargetClause {
  id: string;
  title: string;
  /** What a target must be capable of for the clause to apply. */
  needs: readonly TargetNeed[];
  /** Throws when the subject breaks the clause. */
  check(subject: TargetSubject): Promise<void>;
}

export interface TargetConformance extends TargetSubject {
  runner: {
    describe(name: string, body: () => void): void;
    test(name: string, body: () => Promise<void>): void;
    skip(name: string): void;
  };
}

/** Runs every clause that applies to one kind of target; what does not is named with its reason. */
export function targetConformance({ runner, ...subject }: TargetConformance): void {
  runner.describe(`target conformance: ${subject.name}`, () => {
    for (const clause of targetClauses) {
      const missing = clause.needs.find((need) => !hasNeed(subject, need));
      const title = `${clause.id} ${clause.title}`;
      if (missing !== undefined) runner.skip(`${title} (it has no ${missing})`);
      else runner.test(title, () => clause.check(subject));
    }
  });
}

function hasNeed(subject: TargetSubject, need: TargetNeed): boolean {
  if (need === "elsewhere") return subject.built !== undefined;
  if (need === "reader") return subject.openReader !== undefined;
  return subject.make(subject.makeFolder()).capabilities[need];
}

export { targetClauses } from "./target-clauses.js";
