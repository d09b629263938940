import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Folder, plimsoll, projectFile, startPlimsoll } from "./cli.js";
import { seenHere } from "./imports.js";

/** A store as an import left it: what can be seen of it, its rejects, and what lies in its folder of runs. */
export type Outcome = Awaited<ReturnType<typeof outcomeIn>>;

/** An import into a store that holds a former one already, to be killed at any call of the target's session. */
export class DyingImport {
  readonly #folder: Folder;
  readonly #words: readonly string[];
  #expected: Outcome | null = null;

  /** The words of the command name sources in the folder above; the store is called `store`. */
  constructor(folder: Folder, words: readonly string[]) {
    this.#folder = folder;
    this.#words = words;
  }

  /** Makes the store by a first command, and then runs the import without a death: how it has to end. */
  async runUndisturbed(first: readonly string[]): Promise<Outcome> {
    mkdirSync(this.#folder.file("base"));
    const before = await plimsoll(first, { cwd: this.#folder.file("base") });
    expect(before.code, before.error).toBe(0);
    const cwd = this.#newCwd("undisturbed");
    const done = await plimsoll(this.#words, { cwd });
    expect(done.code, done.error).toBe(0);
    this.#expected = await outcomeIn(cwd);
    expect(this.#expected).toMatchObject({ faults: [], runs: [] });
    return this.#expected;
  }

  /**
   * Dies at a call of a verb, goes on, and must end as if nothing had happened; false when there is no such
   * call.
   */
  async dieAndGoOn(moment: string, verb: string, call: number): Promise<boolean> {
    const what = `${moment} ${verb} ${call}`;
    const cwd = this.#newCwd(what.replaceAll(" ", "-"));
    const program = [projectFile("test/support/die-at-verb.js"), moment, verb, String(call)];
    const died = await startPlimsoll(this.#words, { cwd, program }).ended;
    if (died.signal !== "SIGKILL") {
      expect(died.code, `${what}: ${died.error}`).toBe(0);
      return false;
    }
    const resumed = await plimsoll(this.#words, { cwd });
    expect(resumed.code, `${what}: ${resumed.error}`).toBe(0);
    expect(await outcomeIn(cwd), what).toEqual(this.#expected);
    return true;
  }

  /** Dies before each commit there is, and behind those of the seal; the answer is their number. */
  async dieAtEveryCommit(sealCommits: number): Promise<number> {
    let commits = 0;
    while (await this.dieAndGoOn("before", "commit", commits + 1)) commits++;
    for (let call = commits - sealCommits + 1; call <= commits; call++) {
      expect(await this.dieAndGoOn("after", "commit", call)).toBe(true);
    }
    return commits;
  }

  #newCwd(name: string): string {
    const cwd = this.#folder.file(name);
    rmSync(cwd, { recursive: true, force: true });
    cpSync(this.#folder.file("base"), cwd, { recursive: true });
    return cwd;
  }
}

async function outcomeIn(cwd: string) {
  const { lines, stats, faults } = await seenHere(join(cwd, "store"));
  const { entities, records, dead, postings, lastImport } = stats;
  const rejects = readFileSync(join(cwd, "store.rejects.jsonl"), "utf8");
  const runs = readdirSync(join(cwd, "store", "runs"));
  return { lines, entities, records, dead, postings, counts: lastImport?.records, faults, rejects, runs };
}
