import { afterAll, describe, expect, test } from "vitest";
import { sourceSaboteurs, spoilt } from "../../conformance/saboteurs/source-saboteurs.js";
import { type SourceConformance, sourceClauses, sourceConformance } from "../../conformance/source.js";
import { parquetSubject } from "./parquet-files.js";
import { compressions, formats, makeSubject, missing, testFolder } from "./subjects.js";

/** Commands that compress and decompress are started hundreds of times, which a busy machine does slowly. */
const timeoutMs = 30_000;

const folder = testFolder();
afterAll(folder.remove);

const runner: SourceConformance["runner"] = {
  describe,
  test: (name, body) => test(name, body, timeoutMs),
  skip: (name) => test.skip(name, () => {}),
};

/** Records are framed alike whatever their bytes came from: lines, and quotes that go over them, tell for all. */
const compressedFormats = ["jsonl", "csv"] as const;

for (const compression of compressions) {
  const reason = missing(compression);
  for (const format of compression === "none" ? formats : compressedFormats) {
    for (const origin of ["file", "stream"] as const) {
      const subject = makeSubject({ format, compression, origin, folder: folder.path });
      if (reason !== null) test.skip(`${subject.name} (${reason})`, () => {});
      else sourceConformance({ ...subject, runner });
    }
  }
}

const footerReason = "a cut takes the footer away, without which nothing is read";
const skipped = [{ id: "S6", reason: footerReason }];
sourceConformance({ ...parquetSubject(folder.path), runner, skipped });

describe("saboteurs", () => {
  const subject = makeSubject({ format: "jsonl", compression: "none", origin: "file", folder: folder.path });
  for (const saboteur of sourceSaboteurs) {
    test(
      `a source that ${saboteur.name} fails ${saboteur.clause}`,
      async () => {
        const clause = sourceClauses.find(({ id }) => id === saboteur.clause)!;
        await clause.check(subject);
        await using broken = spoilt(subject, saboteur);
        await expect(clause.check(broken)).rejects.toThrow();
      },
      timeoutMs,
    );
  }
});
