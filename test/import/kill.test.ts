import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { importInto, makeFolder, readReport, startPlimsoll, visibleState } from "../support/cli.js";
import { citiesCsv, peopleCsv, peopleMapping, seeded } from "../support/people.js";
import { type Stage, stageOf } from "../support/stages.js";

const folder = makeFolder();
afterAll(folder.remove);

/** Everything that has to be the same after any number of kills. */
interface Outcome {
  state: Awaited<ReturnType<typeof visibleState>>;
  records: unknown;
  bytesRead: number;
  dangling: number;
  rejects: string;
}

async function outcomeIn(cwd: string): Promise<Outcome> {
  const { records, bytes, danglingLinks } = readReport(join(cwd, "report.json"))!;
  let rejects = "";
  try {
    rejects = readFileSync(join(cwd, "store.rejects.jsonl"), "utf8");
  } catch {}
  return { state: await visibleState(join(cwd, "store")), records, bytesRead: bytes.read, dangling: danglingLinks, rejects };
}

interface Scenario {
  name: string;
  /** Words of the command, run in a folder below the one that holds the sources. */
  words: readonly string[];
  sourceBytes: number;
  seed: number;
  kills: number;
  /** Brings a new folder to where the import begins. */
  prepare?(cwd: string): Promise<void>;
}

/** Kills imports at random moments of the time that they still need, until there were enough kills. */
async function killAndCompare(scenario: Scenario): Promise<Record<string, number>> {
  const args = ["import", ...scenario.words, "--into", "store", "--report", "report.json", "--progress", "none"];
  const makeCwd = async (name: string) => {
    const cwd = folder.file(`${scenario.name}-${name}`);
    mkdirSync(cwd);
    await scenario.prepare?.(cwd);
    return cwd;
  };
  const undisturbed = await makeCwd("undisturbed");
  const { code, seconds, error } = await startPlimsoll(args, { cwd: undisturbed }).ended;
  expect({ code, error }).toEqual({ code: 0, error: expect.anything() });
  const expected = await outcomeIn(undisturbed);
  expect(expected.state.verdict).toContain("sound");
  const workSeconds = readReport(join(undisturbed, "report.json"))!.seconds;
  const [startSeconds, random] = [seconds - workSeconds, seeded(scenario.seed)];
  const tally: Record<string, number> = {};
  let kills = 0;
  for (let round = 0; kills < scenario.kills; round++) {
    const cwd = await makeCwd(`round-${round}`);
    let stage: Stage = { name: "starting", offset: 0 };
    for (;;) {
      const left = stage.name === "reading" ? 1 - stage.offset / scenario.sourceBytes : stage.name === "starting" ? 1 : 0.2;
      const moment = random() * (startSeconds + workSeconds * left) * 1.1;
      const running = startPlimsoll(args, { cwd });
      const timer = setTimeout(() => running.child.kill("SIGKILL"), kills < scenario.kills ? moment * 1000 : 2 ** 30);
      const ended = await running.ended;
      clearTimeout(timer);
      if (ended.signal !== "SIGKILL") {
        expect(ended.code, ended.error).toBe(0);
        break;
      }
      kills++;
      stage = await stageOf(join(cwd, "store"));
      tally[stage.name] = (tally[stage.name] ?? 0) + 1;
    }
    const again = await outcomeOfRound(cwd, stage, expected);
    expect(again, `round ${round}, seed ${scenario.seed}`).toEqual(expected);
  }
  console.log(`${scenario.name}: ${kills} kills, seed ${scenario.seed}, by what was committed last`, tally);
  return tally;
}

/** A process killed behind the publication finishes without a report of its records: that one was killed too. */
async function outcomeOfRound(cwd: string, last: Stage, expected: Outcome): Promise<Outcome> {
  const outcome = await outcomeIn(cwd);
  if (last.name !== "published") return outcome;
  const { records, bytesRead, dangling } = expected;
  return { ...outcome, records, bytesRead, dangling };
}

test("200,000 records killed 60 times end as if nothing had happened", async () => {
  folder.write("mapping.yaml", peopleMapping);
  folder.write("cities.csv", citiesCsv);
  const people = folder.write("people.csv", peopleCsv({ count: 200_000, seed: 7 }));
  const words = ["../people.csv", "../cities.csv", "--mapping", "../mapping.yaml", "--memory", "160MiB", "--sync-bytes", "256KiB"];
  const tally = await killAndCompare({
    name: "keep",
    words,
    sourceBytes: statSync(people).size,
    seed: 20_260_101,
    kills: 60,
  });
  expect(tally["reading"]).toBeGreaterThan(5);
  const sealing = ["preparing", "merging", "dead records", "rejects"].reduce((sum, name) => sum + (tally[name] ?? 0), 0);
  expect(sealing).toBeGreaterThan(5);
}, 240_000);

test("an import that replaces older versions in a store is killed 12 times", async () => {
  const lines = (seed: number, count: number) => {
    const random = seeded(seed);
    const record = (at: number) => ({ id: Math.floor(random() * count), rev: Math.floor(random() * 9), text: `t${at % 97} word` });
    return `${Array.from({ length: count }, (_, at) => JSON.stringify(record(at))).join("\n")}\n`;
  };
  folder.write("first.jsonl", lines(1, 20_000));
  const second = folder.write("second.jsonl", lines(2, 60_000));
  const options = ["--entity", "Doc", "--key", "id", "--range", "rev", "--text", "text", "--on-conflict", "newest:rev"];
  await killAndCompare({
    name: "newest",
    words: ["../second.jsonl", ...options, "--memory", "160MiB", "--sync-bytes", "128KiB"],
    sourceBytes: statSync(second).size,
    seed: 77,
    kills: 12,
    prepare: async (cwd) => {
      const first = await importInto(folder, ["first.jsonl", ...options, "--into", join(cwd, "store")]);
      expect(first.code, first.error).toBe(0);
    },
  });
}, 120_000);
