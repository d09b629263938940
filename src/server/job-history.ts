import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { importsKeptMax, jobFileBytesMax, writeFileDurably } from "../kernel/index.js";
import type { KeptJob } from "./import-job.js";

const namePattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/;
const timeSchema = v.pipe(v.string(), v.isoTimestamp());
const failureSchema = v.object({ code: v.string(), message: v.string() });

/** What a job must have so that nothing that shows it trips over it; what it holds is its own. */
const fileSchema = v.object({
  version: v.literal(1),
  job: v.looseObject({
    id: v.pipe(v.string(), v.uuid()),
    name: v.string(),
    query: v.string(),
    state: v.picklist(["queued", "running", "complete", "failed", "cancelled", "interrupted"]),
    createdAt: timeSchema,
    queuedAt: timeSchema,
    startedAt: v.nullable(timeSchema),
    endedAt: v.nullable(timeSchema),
    bytesExpected: v.nullable(v.number()),
    progress: v.nullable(v.looseObject({ recordsRead: v.number() })),
    memory: v.nullable(v.looseObject({ lineBytes: v.number() })),
    notices: v.array(v.string()),
    error: v.nullable(failureSchema),
    timeline: v.array(v.looseObject({ seconds: v.number() })),
    decisions: v.array(v.looseObject({ t: v.number(), text: v.string() })),
    report: v.nullable(v.looseObject({ records: v.looseObject({ read: v.number() }) })),
  }),
});

/**
 * What the server remembers of its imports, a file for each in a folder of the store: so that after a
 * restart, or a crash, they are known still, and those that stopped can go on. A history that cannot be
 * written costs no import anything but its place in it.
 */
export class JobHistory {
  readonly #dir: string;
  readonly #note: (text: string) => void;

  constructor(dir: string, note: (text: string) => void) {
    this.#dir = dir;
    this.#note = note;
  }

  /** The oldest first, and no more than are remembered; a file that cannot be read is removed. */
  load(): KeptJob[] {
    const names = this.#names();
    for (const name of names.filter((name) => name.endsWith(".new"))) this.#removeFile(name);
    const byAge = names
      .filter((name) => namePattern.test(name))
      .map((name) => ({ name, writtenAtMs: this.#writtenAtMs(name) }))
      .sort((left, right) => right.writtenAtMs - left.writtenAtMs);
    for (const { name } of byAge.slice(importsKeptMax)) this.#removeFile(name);
    return byAge
      .slice(0, importsKeptMax)
      .flatMap(({ name }) => this.#read(name))
      .sort((left, right) => Date.parse(left.queuedAt) - Date.parse(right.queuedAt));
  }

  write(job: KeptJob): void {
    const textOf = (kept: KeptJob) => `${JSON.stringify({ version: 1, job: kept })}\n`;
    let text = textOf(job);
    if (Buffer.byteLength(text) > jobFileBytesMax) {
      text = textOf({ ...job, timeline: [], decisions: [], report: null });
    }
    try {
      mkdirSync(this.#dir, { recursive: true });
      writeFileDurably(join(this.#dir, `${job.id}.json`), text);
    } catch (error) {
      this.#note(`The history of imports cannot be written (${reasonOf(error)}): this import goes on.\n`);
    }
  }

  remove(id: string): void {
    this.#removeFile(`${id}.json`);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#dir);
    } catch {
      return [];
    }
  }

  #writtenAtMs(name: string): number {
    return statSync(join(this.#dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  #read(name: string): KeptJob[] {
    const path = join(this.#dir, name);
    try {
      if (statSync(path).size > jobFileBytesMax) throw new Error("it is too large");
      const { job } = v.parse(fileSchema, JSON.parse(readFileSync(path, "utf8")));
      return [job as unknown as KeptJob];
    } catch (error) {
      this.#note(`An import of the history is forgotten: ${name} cannot be read (${reasonOf(error)}).\n`);
      this.#removeFile(name);
      return [];
    }
  }

  #removeFile(name: string): void {
    try {
      rmSync(join(this.#dir, name), { force: true });
    } catch (error) {
      this.#note(`The history of imports cannot be thinned out (${reasonOf(error)}).\n`);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}
