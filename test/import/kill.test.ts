import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { importInto, makeFolder, readReport, startPlimsoll } from "../support/cli.js";
import { visibleState } from "../support/imports.js";
import { citiesCsv, peopleCsv, peopleMapping, seeded } from "../support/people.js";
import { tries } from "../support/runs.js";
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
  return {
    state: await visibleState(join(cwd, "store")),
    records,
    bytesRead: bytes.read,
    dangling: danglingLinks,
    rejects,
  };
}

/**
 * How many kills fall behind a checkpoint of the reading is up to the machine: more than so many are wanted.
 */
const readingKillsMin = 3;

interface Scenario {
  name: string;
  /** Words of the command, run in a folder below the one that holds the sources. */
  words: readonly string[];
  seed: number;
  /** Kills there are, and up to three times as many until enough fell in the reading and in the seal. */
  kills: number;
  /** Kills while reading that a round is to have, about. */
  killsPerReading: number;
  /** Brings a new folder to where the import begins; the answer is the first id that it will deal. */
  prepare?(cwd: string): Promise<number>;
}

interface Times {
  /** From the start of a process to its first progress, and of the phases. */
  start: number;
  read: number;
  seal: number;
}

const progressStart = '{"phase"';

/**
 * One life: killed at a random moment, now and then while it starts, mostly in a span of work that is short
 * enough for every phase to be met.
 */
async function live(args: readonly string[], cwd: string, stage: Stage, times: Times, draw: () => number) {
  const running = startPlimsoll(args, { cwd });
  const kill = () => running.child.kill("SIGKILL");
  let timer: NodeJS.Timeout | undefined;
  const isSealing = stage.name !== "starting" && stage.name !== "reading";
  if (draw() < 0.1) timer = setTimeout(kill, draw() * times.start * 1000);
  else {
    const begun = running.told(progressStart).catch(() => {});
    const delay = draw() * (isSealing ? times.seal * 1.1 : times.read) * 1000;
    void begun.then(() => {
      timer = setTimeout(kill, delay);
    });
  }
  const ended = await running.ended;
  clearTimeout(timer);
  return ended;
}

/**
 * Kills imports until there were enough kills; every store that is finished is compared with the undisturbed
 * one.
 */
async function killAndCompare(scenario: Scenario): Promise<Record<string, number>> {
  const args = [
    "import",
    ...scenario.words,
    "--into",
    "store",
    "--report",
    "report.json",
    "--progress",
    "json",
  ];
  let firstId = 0;
  const makeCwd = async (name: string) => {
    const cwd = folder.file(`${scenario.name}-${name}`);
    // A test that is tried again finds the folders of the time before.
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd);
    firstId = (await scenario.prepare?.(cwd)) ?? 0;
    return cwd;
  };
  const undisturbed = await makeCwd("undisturbed");
  const { code, seconds, error } = await startPlimsoll(args, { cwd: undisturbed }).ended;
  expect(code, error).toBe(0);
  const expected = await outcomeIn(undisturbed);
  expect(expected.state.verified).toMatchObject({ faults: 0 });
  const { phases } = readReport(join(undisturbed, "report.json"))!;
  const [read, seal] = [phases[0]!.seconds, phases[1]!.seconds];
  const times = { start: seconds - read - seal, read: (2 * read) / scenario.killsPerReading, seal };
  const draw = seeded(scenario.seed);
  const tally: Record<string, number> = {};
  let kills = 0;
  const isVaried = () => (tally.reading ?? 0) > readingKillsMin && sealKills(tally) > 0;
  const isEnough = () => kills >= 3 * scenario.kills || (kills >= scenario.kills && isVaried());
  for (let round = 0; !isEnough(); round++) {
    const cwd = await makeCwd(`round-${round}`);
    let stage: Stage = { name: "starting", offset: 0 };
    for (;;) {
      const ended = isEnough()
        ? await startPlimsoll(args, { cwd }).ended
        : await live(args, cwd, stage, times, draw);
      if (ended.signal !== "SIGKILL") {
        expect(ended.code, ended.error).toBe(0);
        break;
      }
      kills++;
      stage = await stageOf(join(cwd, "store"), firstId);
      tally[stage.name] = (tally[stage.name] ?? 0) + 1;
    }
    const again = await outcomeOfRound(cwd, stage, expected);
    expect(again, `round ${round}, seed ${scenario.seed}`).toEqual(expected);
  }
  console.log(`${scenario.name}: ${kills} kills, seed ${scenario.seed}, by what was committed last`, tally);
  return tally;
}

/**
 * A process killed behind the publication finishes without a report of its records: that one was killed too.
 */
async function outcomeOfRound(cwd: string, last: Stage, expected: Outcome): Promise<Outcome> {
  const outcome = await outcomeIn(cwd);
  if (last.name !== "published") return outcome;
  const { records, bytesRead, dangling } = expected;
  return { ...outcome, records, bytesRead, dangling };
}

test("100,000 records killed over and over end as if nothing had happened", async () => {
  folder.write("mapping.yaml", peopleMapping);
  folder.write("cities.csv", citiesCsv);
  folder.write("people.csv", peopleCsv({ count: 100_000, seed: 7 }));
  const sizes = ["--memory", "160MiB", "--sync-bytes", "256KiB"];
  const tally = await killAndCompare({
    name: "keep",
    words: ["../people.csv", "../cities.csv", "--mapping", "../mapping.yaml", ...sizes],
    seed: 20_260_101,
    kills: tries(24),
    killsPerReading: 6,
  });
  expect(tally.reading).toBeGreaterThan(readingKillsMin);
  expect(sealKills(tally)).toBeGreaterThan(0);
}, 240_000);

test("an import that replaces older versions in a store is killed as well", async () => {
  folder.write("first.jsonl", versions(1, 20_000));
  folder.write("second.jsonl", versions(2, 60_000));
  const options = [
    "--entity",
    "Doc",
    "--key",
    "id",
    "--range",
    "rev",
    "--text",
    "text",
    "--on-conflict",
    "newest:rev",
  ];
  const tally = await killAndCompare({
    name: "newest",
    words: ["../second.jsonl", ...options, "--memory", "160MiB", "--sync-bytes", "256KiB"],
    seed: 77,
    kills: tries(6),
    killsPerReading: 3,
    prepare: async (cwd) => {
      const first = await importInto(folder, ["first.jsonl", ...options, "--into", join(cwd, "store")]);
      expect(first.code, first.error).toBe(0);
      return 20_000;
    },
  });
  expect(sealKills(tally)).toBeGreaterThan(0);
}, 120_000);

function sealKills(tally: Record<string, number>): number {
  const stages = ["preparing", "merging", "dead records", "rejects", "published"];
  return stages.reduce((sum, name) => sum + (tally[name] ?? 0), 0);
}

function versions(seed: number, count: number): string {
  const draw = seeded(seed);
  const below = (limit: number) => Math.floor(draw() * limit);
  const record = (at: number) => ({ id: below(count), rev: below(9), text: `t${at % 97} word` });
  return `${Array.from({ length: count }, (_, at) => JSON.stringify(record(at))).join("\n")}\n`;
}
