import { resolve } from "node:path";
import { verifyFaultsMax } from "../kernel/index.js";
import { storePath } from "../preparation/index.js";
import { verify } from "../query/index.js";
import { exitCodes } from "./exit-codes.js";
import { formatCount } from "./format.js";
import type { CommandHost } from "./host.js";
import { openStore } from "./open-store.js";

/**
 * Checks a whole store; the first faults go to stdout as they are found, and any fault makes the exit code 1.
 */
export async function runVerifyCommand(host: CommandHost): Promise<number> {
  const path = storePath(host.args[0]!, "verify");
  await using store = await openStore(path, { isReadWhole: true });
  const tempDir = host.values.text("temp-dir");
  let shown = 0;
  const result = await verify(store.reader, {
    signal: host.signal,
    ...(tempDir === null ? {} : { tempDir: resolve(tempDir) }),
    onFault: ({ kind, text }) => {
      shown++;
      if (shown <= verifyFaultsMax) process.stdout.write(`${kind}: ${text}\n`);
    },
  });
  const counts = [
    `${formatCount(result.records)} records`,
    `${formatCount(result.blocks)} blocks`,
    `${formatCount(result.postings)} postings`,
    `${formatCount(result.columnValues)} column values`,
    `${formatCount(result.keys)} keys`,
  ].join(", ");
  const isSound = result.faults === 0;
  const plural = result.faults === 1 ? "fault" : "faults";
  const verdict = isSound
    ? "sound"
    : `${formatCount(result.faults)} ${plural}: load it again from its sources`;
  await host.out.write(`${path}: ${verdict} (${counts})\n`);
  return isSound ? exitCodes.done : exitCodes.failed;
}
