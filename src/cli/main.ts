import type { Readable } from "node:stream";
import type { OptionValues } from "../settings/index.js";
import { exitCodes } from "./exit-codes.js";
import { failureOf } from "./failure.js";
import { ResultWriter } from "./host.js";
import { type CommandRunner, makeProgram } from "./program.js";
import { readVersion } from "./version.js";

/** Runs one command line in this process; the answer is its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  let exitCode: number = exitCodes.done;
  const out = new ResultWriter(process.stdout, 1);
  let input: Readable | null = null;
  const run = async (runner: CommandRunner, words: readonly string[], values: OptionValues) => {
    exitCode = await runner({
      args: words,
      values,
      environment: process.env,
      // Looked at only when it is asked for: an open stdin keeps the process alive.
      stdin: () => {
        input = process.stdin;
        return input;
      },
      out,
      note: (text) => void process.stderr.write(text),
      signal: interruption.signal,
    });
    await out.flush();
  };
  const release = onInterruption(interruption);
  endQuietlyOnClosedPipe();
  try {
    const program = makeProgram({
      version: readVersion(),
      environment: process.env,
      folder: process.cwd(),
      writeOut: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
      run,
    });
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // A command that does not look at the signal ends by it all the same: what it threw then is a
    // consequence.
    if (interruption.signal.aborted && error === interruption.signal.reason) return exitCodes.interrupted;
    const failure = failureOf(error);
    await out.flush();
    process.stderr.write(failure.text);
    return failure.exitCode;
  } finally {
    release();
    // Whoever writes to it may never end it.
    (input as Readable | null)?.destroy();
  }
}

/** The first signal asks for a clean stop, the second one ends the process at once. */
function onInterruption(interruption: AbortController): () => void {
  const stop = () => {
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    interruption.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}

/** A reader such as `head` that has enough is no failure. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    throw error;
  });
}
