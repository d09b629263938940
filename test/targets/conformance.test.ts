import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  harmlessWrapper,
  spoiltTarget,
  targetSaboteurs,
} from "../../conformance/saboteurs/target-saboteurs.js";
import { type TargetSubject, targetClauses, targetConformance } from "../../conformance/target.js";
import { lmdbTarget, openStoreReader } from "../../src/targets/lmdb/index.js";
import { nullTarget } from "../../src/targets/null/index.js";
import { makeFolder, projectFile } from "../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const newFolder = () => join(mkdtempSync(folder.file("target-")), "store");
/** Processes are started, which a busy machine does slowly. */
const timeoutMs = 30_000;
const runner = {
  describe,
  test: (name: string, body: () => Promise<void>) => test(name, body, timeoutMs),
  skip: (name: string) => test.skip(name, () => {}),
};

const lmdb: TargetSubject = {
  name: "lmdb",
  make: lmdbTarget,
  makeFolder: newFolder,
  openReader: openStoreReader,
  built: {
    url: pathToFileURL(projectFile("dist/targets/lmdb/index.js")).href,
    make: "lmdbTarget",
    openReader: "openStoreReader",
  },
};

targetConformance({ ...lmdb, runner });
targetConformance({ name: "null", make: nullTarget, makeFolder: newFolder, runner });

describe("saboteurs", () => {
  test(
    "a wrapper alone breaks no clause",
    async () => {
      const wrapped = spoiltTarget(lmdb, harmlessWrapper);
      for (const clause of targetClauses) await clause.check(wrapped);
    },
    timeoutMs,
  );

  for (const saboteur of targetSaboteurs) {
    test(
      `a target that ${saboteur.name} fails ${saboteur.clause}`,
      async () => {
        const clause = targetClauses.find(({ id }) => id === saboteur.clause)!;
        await clause.check(lmdb);
        await expect(clause.check(spoiltTarget(lmdb, saboteur))).rejects.toThrow();
      },
      timeoutMs,
    );
  }
});
