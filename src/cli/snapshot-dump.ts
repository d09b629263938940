import { createReadStream, existsSync } from "node:fs";
import { PlimsollError, snapshotChunkBytes } from "../kernel/index.js";
import type { SnapshotStorage } from "../ports/index.js";
import { dumpSnapshot, openStoredSnapshot } from "../snapshots/index.js";
import { exitCodes } from "./exit-codes.js";
import { breathe, type CommandHost } from "./host.js";
import { openCommandStorage } from "./snapshot-storage.js";
import { wordsOf } from "./snapshot-words.js";

/** Prints what a snapshot holds, a JSON line for each thing. */
export async function runSnapshotDump(host: CommandHost, args: readonly string[]): Promise<number> {
  const [place, named] = wordsOf("dump", args, ["URL|FILE", "[NAME]"]);
  const { signal } = host;
  if (named === undefined && !place!.includes(":") && existsSync(place!)) {
    await dump(host, () => createReadStream(place!, { signal, highWaterMark: snapshotChunkBytes }), place!);
    return exitCodes.done;
  }
  const { url, name } = named === undefined ? parted(place!) : { url: place!, name: named };
  await using storage: SnapshotStorage = await openCommandStorage(host, url);
  await dump(host, () => storage.read(name, { signal }), name);
  return exitCodes.done;
}

async function dump(host: CommandHost, read: () => AsyncIterable<Uint8Array>, name: string): Promise<void> {
  await using reader = await openStoredSnapshot(read, { name, signal: host.signal });
  const database = host.values.text("database");
  for await (const lines of dumpSnapshot(reader, database === null ? {} : { database })) {
    await host.out.write(lines);
    await breathe(host.signal);
  }
}

/** `s3://bucket/prefix/NAME`: the last part is the object. */
function parted(place: string): { url: string; name: string } {
  const at = place.lastIndexOf("/");
  const colon = place.indexOf(":");
  if (colon < 0) throw new PlimsollError("SNAPSHOT_ABSENT", { name: place, storage: "this folder" });
  const cut = Math.max(at, colon);
  const url = cut === colon ? `${place.slice(0, colon + 1)}.` : place.slice(0, cut);
  return { url, name: place.slice(cut + 1) };
}
