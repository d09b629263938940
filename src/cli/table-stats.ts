import { formatBytes } from "../kernel/index.js";
import { formatColumns } from "../memory/index.js";
import { relationalStats, type TargetChoice } from "../preparation/index.js";
import { formatCount } from "./format.js";
import type { CommandHost } from "./host.js";

/** Prints what imports have put into a database. */
export async function printTableStats(host: CommandHost, target: TargetChoice): Promise<void> {
  const found = await relationalStats(target);
  if (host.values.flag("json")) {
    await host.out.write(`${JSON.stringify(found)}\n`);
    return;
  }
  const { tables, bytes, isUnfinished, lastImport } = found;
  const state = isUnfinished ? " (an import is unfinished)" : "";
  const head = [`database ${target.name}${state}`, `bytes    ${formatBytes(bytes)}`];
  if (lastImport !== null) {
    const { sealedAt, sources } = lastImport;
    const more = sources.length > 3 ? ` and ${sources.length - 3} more` : "";
    head.push(`last     ${sealedAt}, from ${sources.slice(0, 3).join(", ")}${more}`);
  }
  const rows = tables.map(({ name, rows }) => [`  ${name}`, formatCount(rows)]);
  await host.out.write(`${head.join("\n")}\n${formatColumns([["  table", "rows"], ...rows])}`);
}
