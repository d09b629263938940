import { formatBytes } from "../kernel/index.js";
import { formatColumns } from "../memory/index.js";
import { relationalChoice, storePath } from "../preparation/index.js";
import { type StoreStats, stats } from "../query/index.js";
import { exitCodes } from "./exit-codes.js";
import { formatCount } from "./format.js";
import type { CommandHost } from "./host.js";
import { openStore } from "./open-store.js";
import { printTableStats } from "./table-stats.js";

/** Prints what a store holds. */
export async function runStatsCommand(host: CommandHost): Promise<number> {
  const database = relationalChoice(host.args[0]!, "stats");
  if (database !== null) {
    await printTableStats(host, database);
    return exitCodes.done;
  }
  const path = storePath(host.args[0]!, "stats");
  await using store = await openStore(path);
  const found = stats(store.reader, { signal: host.signal });
  const text = host.values.flag("json") ? `${JSON.stringify(found)}\n` : statsText(path, found);
  await host.out.write(text);
  return exitCodes.done;
}

export function statsText(path: string, found: StoreStats): string {
  const state = found.sealed ? "sealed" : "nothing is sealed yet";
  const head = [
    `store    ${path} (${state})`,
    `records  ${formatCount(found.records)}, ${formatCount(found.dead)} dead`,
    `postings ${formatCount(found.postings)}`,
    `bytes    ${bytesText(found.bytes)}`,
  ];
  if (found.lastImport !== null) {
    const { sealedAt, sources } = found.lastImport;
    const more = sources.length > 3 ? ` and ${sources.length - 3} more` : "";
    head.push(`last     ${sealedAt}, from ${sources.slice(0, 3).join(", ")}${more}`);
  }
  return [`${head.join("\n")}\n`, ...found.entities.map(entityText)].join("\n");
}

function bytesText(bytes: StoreStats["bytes"]): string {
  const { file, ...parts } = bytes;
  const texts = Object.entries(parts).map(([name, size]) => `${formatBytes(size)} ${name}`);
  return `${formatBytes(file)} on disk: ${texts.join(", ")}`;
}

function entityText(entity: StoreStats["entities"][number]): string {
  const dangling = entity.dangling === 0 ? "" : `, ${formatCount(entity.dangling)} dangling links`;
  const counts = `${formatCount(entity.records)} records, ${formatCount(entity.dead)} dead`;
  const head = `${entity.name}: ${counts}${dangling}\n`;
  if (entity.indexes.length === 0) return head;
  const rows = entity.indexes.map(({ field, kind, postings, terms }) => [
    `  ${field}`,
    kind,
    formatCount(postings),
    formatCount(terms),
  ]);
  return head + formatColumns([["  index", "kind", "postings", "terms"], ...rows]);
}
