import { open, rename, rm } from "node:fs/promises";
import { formatBytes, PlimsollError } from "../kernel/index.js";
import { formatColumns } from "../memory/index.js";
import { parseSnapshotName } from "../snapshots/index.js";
import { exitCodes } from "./exit-codes.js";
import { formatCount } from "./format.js";
import { breathe, type CommandHost } from "./host.js";
import { openCommandStorage } from "./snapshot-storage.js";
import { wordsOf } from "./snapshot-words.js";

/** Prints what a storage holds, as it is listed: nothing is gathered. */
export async function runSnapshotList(host: CommandHost, args: readonly string[]): Promise<number> {
  const [url] = wordsOf("list", args, ["URL"]);
  const { values, signal, out } = host;
  await using storage = await openCommandStorage(host, url!);
  const [database, instance] = [values.text("database"), values.text("instance")];
  const isJson = values.flag("json");
  const totals = { objects: 0, bytes: 0, others: 0 };
  for await (const { name, bytes } of storage.list("", { signal })) {
    await breathe(signal);
    const parsed = parseSnapshotName(name);
    if (parsed === undefined) totals.others++;
    if (parsed === undefined || (database ?? parsed.database) !== parsed.database) continue;
    if ((instance ?? parsed.instance) !== parsed.instance) continue;
    totals.objects++;
    totals.bytes += bytes;
    const takenAt = new Date(Number(parsed.timestampNano / 1_000_000n)).toISOString();
    const line = isJson
      ? JSON.stringify({ name, bytes, database: parsed.database, instance: parsed.instance, takenAt })
      : formatColumns([[name, formatBytes(bytes)]]).trimEnd();
    await out.write(`${line}\n`);
  }
  if (!isJson) host.note(totalsText(totals));
  return exitCodes.done;
}

function totalsText({ objects, bytes, others }: { objects: number; bytes: number; others: number }): string {
  const plural = objects === 1 ? "snapshot" : "snapshots";
  const beside = others === 0 ? "" : `, and ${formatCount(others)} objects that are none`;
  return `${formatCount(objects)} ${plural}, ${formatBytes(bytes)}${beside}\n`;
}

/** Copies an object as it is, to stdout or into a file that is there whole or not at all. */
export async function runSnapshotGet(host: CommandHost, args: readonly string[]): Promise<number> {
  const [url, name, file] = wordsOf("get", args, ["URL", "NAME", "[FILE]"]);
  const { signal, out } = host;
  await using storage = await openCommandStorage(host, url!);
  if (file === undefined) {
    for await (const chunk of storage.read(name!, { signal })) await out.writeBytes(chunk);
    return exitCodes.done;
  }
  const bytes = await writeWhole(file, storage.read(name!, { signal }));
  host.note(`${file}: ${formatBytes(bytes)}\n`);
  return exitCodes.done;
}

async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const temporary = `${path}.${process.pid}.tmp`;
  let bytes = 0;
  try {
    // In containers the next process has the number of the one that was killed.
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx");
    try {
      for await (const chunk of chunks) {
        await file.writeFile(chunk);
        bytes += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return bytes;
  } catch (cause) {
    await rm(temporary, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof PlimsollError || code === undefined) throw cause;
    throw new PlimsollError("SNAPSHOT_FILE", { path, reason: code }, { cause });
  }
}
