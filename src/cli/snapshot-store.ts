import { existsSync } from "node:fs";
import {
  doubledMs,
  isPlimsollError,
  storeLookMs,
  storeSyncMs,
  syncRetryMsMax,
  systemClock,
} from "../kernel/index.js";
import type { SnapshotStorage } from "../ports/index.js";
import { pullStore, pushStore, transferLine } from "../preparation/index.js";
import type { PullReport, PushReport, TransferLine } from "../snapshots/index.js";
import { isStoreFolder } from "../targets/lmdb/index.js";
import { formatCount } from "./format.js";
import type { CommandHost } from "./host.js";
import { foldLiveRecords } from "./open-store.js";
import { databaseName, instanceName } from "./snapshot-names.js";
import { SnapshotProgressDisplay } from "./snapshot-progress.js";
import { SnapshotTally } from "./snapshot-report.js";
import { openCommandStorage } from "./snapshot-storage.js";

/**
 * Whether a path is a store of ours, or will be one: nothing is there, and no schema of an application is
 * named.
 */
export function isOwnStore(host: CommandHost, path: string): boolean {
  const isNamedOther = host.values.text("schema") !== null;
  return existsSync(path) ? isStoreFolder(path) : !isNamedOther;
}

export function pushOwnStore(host: CommandHost, path: string, url: string): Promise<void> {
  return transfer(host, "push", path, url, (work) => work.push());
}

export function pullOwnStore(host: CommandHost, path: string, url: string): Promise<void> {
  return transfer(host, "pull", path, url, (work) => work.pull());
}

/** Pulls again and again where another instance is named or nothing is there, else pushes what is new. */
export function syncStore(host: CommandHost, path: string, url: string): Promise<void> {
  const isPull = host.values.text("from") !== null || !existsSync(path);
  return transfer(host, isPull ? "pull" : "push", path, url, async (work) => {
    const step = () => (isPull ? work.pull() : work.push());
    if (host.values.flag("once")) return step();
    for (let failures = 0; ; ) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (!isPlimsollError(error) || !error.retryable) throw error;
        failures++;
        work.notice(`failed, and is tried again: ${error.code}: ${error.message}`);
      }
      await systemClock.sleep(doubledMs(failures + 1, storeSyncMs, syncRetryMsMax), host.signal);
      host.signal.throwIfAborted();
    }
  });
}

interface StoreWork {
  push: () => Promise<void>;
  pull: () => Promise<void>;
  notice: (text: string) => void;
}

async function transfer(
  host: CommandHost,
  command: "push" | "pull",
  path: string,
  url: string,
  run: (work: StoreWork) => Promise<void>,
): Promise<void> {
  const [source, target] = command === "push" ? [path, url] : [url, path];
  const tally = new SnapshotTally(host, { command, source: [source], target });
  const display = new SnapshotProgressDisplay(host, tally.line.bytes);
  await tally.whole(async () => {
    const line = transferLine(tally.line.bytes, command);
    await using storage = await openCommandStorage(host, url, { isMade: command === "push" });
    try {
      await run(storeWork(host, { path, storage, line, tally, display }));
    } finally {
      display.finish();
    }
  });
}

interface TransferParts {
  path: string;
  storage: SnapshotStorage;
  line: TransferLine;
  tally: SnapshotTally;
  display: SnapshotProgressDisplay;
}

function storeWork(host: CommandHost, { path, storage, line, tally, display }: TransferParts): StoreWork {
  const name = databaseName(host, path);
  const { signal, values } = host;
  const options = (work: string) => ({
    signal,
    line,
    onProgress: ({ parts, partsTotal, bytes }: { parts: number; partsTotal: number; bytes: number }) =>
      display.show({ work, name, done: parts, total: partsTotal, unit: "parts", bytes }),
  });
  let former: PushReport | null = null;
  let lookedAtMs = 0;
  return {
    notice: (text) => display.notice(text),
    push: async () => {
      await foldLiveRecords(path);
      const instance = instanceName(host);
      const nowMs = systemClock.nowMs();
      if (nowMs - lookedAtMs >= storeLookMs) former = null;
      if (former === null) lookedAtMs = nowMs;
      const report = await pushStore(path, storage, { ...options("push"), name, instance, former });
      former = report;
      tallyPush(tally, report);
      if (report.isNew)
        display.notice(`pushed ${report.manifest}: ${partsText(report.partsWritten, report.parts)}`);
    },
    pull: async () => {
      const sought = { name: values.text("database"), folderName: name, from: values.text("from") };
      const report = await pullStore(storage, path, { ...options("pull"), ...sought });
      tallyPull(tally, report);
      if (report.isNew)
        display.notice(`pulled ${report.manifest}: ${partsText(report.partsRead, report.parts)}`);
    },
  };
}

function partsText(moved: number, parts: number): string {
  return `${formatCount(moved)} of ${formatCount(parts)} parts are new`;
}

function tallyPush(tally: SnapshotTally, { bytesWritten, isNew, partsWritten, records }: PushReport): void {
  tally.records.total = records;
  tally.bytes.written += bytesWritten;
  tally.parts += partsWritten;
  if (isNew) tally.snapshots.sent++;
}

function tallyPull(tally: SnapshotTally, { bytesRead, isNew, partsRead, records }: PullReport): void {
  tally.records.total = records;
  tally.bytes.read += bytesRead;
  tally.parts += partsRead;
  if (isNew) tally.snapshots.merged++;
}
