import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { projectFile } from "./cli.js";
import { radosgwMissing as missing } from "./radosgw-server.js";

/** Why tests that need a real S3 server are skipped here; null when they are not. */
export const radosgwMissing: string | null = missing();

export interface Radosgw extends AsyncDisposable {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** A server of a test file's own, which ends with the process that started it, even when that is killed. */
export async function startRadosgw(): Promise<Radosgw> {
  // Apart from this process's group, so that what kills the group leaves it time to clean up.
  const child = spawn(process.execPath, [projectFile("test/support/radosgw-server.js")], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const { value, done } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (done === true) throw new Error("radosgw has not started");
  return {
    ...(JSON.parse(value) as { endpoint: string; credentials: Radosgw["credentials"] }),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
