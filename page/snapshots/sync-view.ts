import type { Instance, Sync, SyncedDatabase, Upkeep } from "../api/snapshot-types.js";
import { type Child, el } from "../dom.js";
import { formatBytes, formatCount } from "../format.js";
import { figures, troubleBox } from "./figures.js";
import type { Times } from "./times.js";

/** What the server calls its work, in words that people have. */
const works: Record<string, string> = {
  list: "Listing the storage",
  merge: "Merging",
  send: "Sending",
  clean: "Cleaning",
  sweep: "Sweeping",
};

/** Databases that are synced with other instances. */
export function syncView(sync: Sync, times: Times): Child[] {
  return [
    el(
      "p",
      { class: "snapshot-head" },
      "Synced as ",
      el("b", { dir: "auto" }, sync.instance),
      " through ",
      el("code", { dir: "auto" }, sync.storage),
    ),
    sync.trouble === null ? null : troubleBox("The sync", sync.trouble, times),
    ...sync.databases.map((database) => databaseView(database, times)),
  ];
}

function databaseView(database: SyncedDatabase, times: Times): HTMLElement {
  const { lastSend, lastMerge, stored, failing, unreadable, unreadableTotal } = database;
  const more = unreadableTotal - unreadable.length;
  return el(
    "div",
    { class: "snapshot-database" },
    el("h3", {}, el("span", { dir: "auto" }, database.database), workLabel(database)),
    ...failing.map((trouble) => troubleBox(works[trouble.work] ?? trouble.work, trouble, times)),
    figures([
      ["sent", times.ago(lastSend?.at ?? null), times.exactly(lastSend?.at ?? null)],
      ["merged", times.ago(lastMerge?.at ?? null), times.exactly(lastMerge?.at ?? null)],
      ["looked", times.ago(database.listedAt), times.exactly(database.listedAt)],
      ["looks again", times.until(database.nextListAt)],
      ["in the storage", formatCount(stored.snapshots)],
      ["their size", formatBytes(stored.bytes)],
    ]),
    instancesTable(database, times),
    upkeepLine("Cleaner", "snapshots", database.cleaner, times),
    upkeepLine("Sweeper", "deleted entries", database.sweeper, times),
    unreadableTotal === 0
      ? null
      : el("p", { class: "snapshot-unreadable warn" }, unreadableText(unreadableTotal)),
    ...unreadable.map(({ message }) => el("p", { class: "faint", dir: "auto" }, message)),
    more > 0 ? el("p", { class: "faint" }, `And ${formatCount(more)} more.`) : null,
  );
}

function workLabel({ work, isStarted, failing }: SyncedDatabase): HTMLElement {
  if (failing.length > 0) return label("failed", "Trying again");
  // It looks into the storage all the time.
  if (work !== "wait" && work !== "list") return label("running", works[work] ?? "Starting");
  return isStarted ? label("complete", "Up to date") : label("queued", "Waiting for others");
}

function label(state: string, text: string): HTMLElement {
  return el("span", { class: "state", "data-state": state }, text);
}

function instancesTable({ instances, instancesTotal }: SyncedDatabase, times: Times): Child {
  if (instances.length === 0) return el("p", { class: "faint" }, "Nobody has sent a snapshot yet.");
  const more = instancesTotal - instances.length;
  const heads = ["Instance", "Newest snapshot", "Size", "Here"].map((name, at) =>
    el("th", { scope: "col", class: at === 2 ? "number" : "" }, name),
  );
  return el(
    "div",
    {},
    el(
      "table",
      { class: "instances" },
      el("thead", {}, el("tr", {}, ...heads)),
      el("tbody", {}, ...instances.map((instance) => instanceRow(instance, times))),
    ),
    more > 0 ? el("p", { class: "faint" }, `And ${formatCount(more)} instances more.`) : null,
  );
}

function instanceRow({ instance, isOwn, takenAt, bytes, isMerged }: Instance, times: Times): HTMLElement {
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("span", { dir: "auto" }, instance),
      isOwn ? el("span", { class: "faint" }, " this one") : null,
    ),
    el(
      "td",
      { class: "time", title: times.exactly(takenAt) },
      takenAt === null ? "gone" : times.ago(takenAt),
    ),
    el("td", { class: "number" }, bytes === null ? "–" : formatBytes(bytes)),
    el("td", { class: isMerged ? "" : "warn" }, isMerged ? "merged" : "not yet"),
  );
}

function upkeepLine(name: string, what: string, upkeep: Upkeep | null, times: Times): Child {
  if (upkeep === null) return null;
  const { lastAt, nextAt, removed } = upkeep;
  const ran = lastAt === null ? "not run yet" : `ran ${times.ago(lastAt)}`;
  const text = `${name}: ${ran}, removed ${formatCount(removed)} ${what}, next ${times.until(nextAt)}`;
  return el("p", { class: "faint number" }, text);
}

function unreadableText(count: number): string {
  return count === 1
    ? "One snapshot cannot be read, and is passed over:"
    : `${formatCount(count)} snapshots cannot be read, and are passed over:`;
}
