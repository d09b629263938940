import { delayMsMaxDefault, gradualityDefault, MiB, syncBytesDefault } from "../kernel/index.js";
import type { CommandName } from "./command-table.js";

export type OptionType = "text" | "list" | "count" | "bytes" | "flag" | "choice";

/** One row of the table of options: the parser, the variables, the help and docs/cli.md all come from it. */
export interface OptionRow {
  /** Long name without dashes; for a negated flag the name after `--no-`. */
  name: string;
  /** Placeholder of the value in help; absent for flags. */
  value?: string;
  type: OptionType;
  choices?: readonly string[];
  /** A flag that is on until `--no-NAME` turns it off. */
  isNegated?: boolean;
  /** As shown in help; the code applies it where it is used. */
  default?: string;
  env: string;
  help: string;
  commands: readonly CommandName[];
}

const loading = ["import", "plan"] as const;
const reading = ["import", "plan", "infer"] as const;

export const formatNames = ["jsonl", "json", "csv", "tsv", "nostr"] as const;
export const progressModes = ["auto", "bar", "json", "none"] as const;

export const optionTable: readonly OptionRow[] = [
  {
    name: "into",
    value: "TARGET",
    type: "text",
    env: "PLIMSOLL_INTO",
    help: "what to load: DIR or lmdb:DIR (the embedded store), or null: (discard, for measuring)",
    commands: loading,
  },
  {
    name: "format",
    value: "NAME",
    type: "choice",
    choices: formatNames,
    default: "by name and content",
    env: "PLIMSOLL_FORMAT",
    help: "format of the sources",
    commands: reading,
  },
  {
    name: "preset",
    value: "NAME",
    type: "text",
    env: "PLIMSOLL_PRESET",
    help: "a mapping that comes with Plimsoll: nostr",
    commands: loading,
  },
  {
    name: "mapping",
    value: "FILE",
    type: "text",
    default: "inferred from a sample",
    env: "PLIMSOLL_MAPPING",
    help: "the mapping, as YAML or JSON",
    commands: loading,
  },
  {
    name: "entity",
    value: "NAME",
    type: "text",
    default: "from the source's name",
    env: "PLIMSOLL_ENTITY",
    help: "name of the entity that the records are",
    commands: reading,
  },
  {
    name: "key",
    value: "FIELDS",
    type: "list",
    env: "PLIMSOLL_KEY",
    help: "field, or fields, that tell one record from all others",
    commands: loading,
  },
  {
    name: "index",
    value: "FIELDS",
    type: "list",
    env: "PLIMSOLL_INDEX",
    help: "fields to find by equality",
    commands: loading,
  },
  {
    name: "range",
    value: "FIELDS",
    type: "list",
    env: "PLIMSOLL_RANGE",
    help: "fields to find by range and to order by",
    commands: loading,
  },
  {
    name: "text",
    value: "FIELDS",
    type: "list",
    env: "PLIMSOLL_TEXT",
    help: "fields to search by words",
    commands: loading,
  },
  {
    name: "link",
    value: "FIELD:ENTITY",
    type: "list",
    env: "PLIMSOLL_LINK",
    help: "fields that hold the key of another entity",
    commands: loading,
  },
  {
    name: "memory",
    value: "SIZE",
    type: "text",
    default: "auto",
    env: "PLIMSOLL_MEMORY",
    help: "the memory line: 256MiB, 60%, or auto (the container's limit, else the machine's free memory)",
    commands: ["import", "plan", "memory"],
  },
  {
    name: "graduality",
    value: "N",
    type: "count",
    default: String(gradualityDefault),
    env: "PLIMSOLL_GRADUALITY",
    help: "steps in which batches grow to the largest that the line allows",
    commands: loading,
  },
  {
    name: "max-delay",
    value: "MS",
    type: "count",
    default: String(delayMsMaxDefault),
    env: "PLIMSOLL_MAX_DELAY",
    help: "longest delay, in milliseconds, when memory or the disk must catch up",
    commands: loading,
  },
  {
    name: "temp-dir",
    value: "DIR",
    type: "text",
    default: "in the store",
    env: "PLIMSOLL_TEMP_DIR",
    help: "folder for sorted runs on their way into the store",
    commands: loading,
  },
  {
    name: "threads",
    value: "N",
    type: "count",
    default: "one a core",
    env: "PLIMSOLL_THREADS",
    help: "worker threads; fewer are used when the line has no room for them",
    commands: ["import", "plan", "memory"],
  },
  {
    name: "on-conflict",
    value: "RULE",
    type: "text",
    default: "keep, or the mapping's",
    env: "PLIMSOLL_ON_CONFLICT",
    help: "when a key is there already: keep, replace, newest:FIELD or reject",
    commands: loading,
  },
  {
    name: "on-error",
    value: "WHAT",
    type: "choice",
    choices: ["reject", "abort"],
    default: "reject",
    env: "PLIMSOLL_ON_ERROR",
    help: "a bad record is set aside with its reason, or ends the import",
    commands: ["import"],
  },
  {
    name: "rejects",
    value: "FILE",
    type: "text",
    default: "TARGET.rejects.jsonl",
    env: "PLIMSOLL_REJECTS",
    help: "where records that are set aside are written",
    commands: ["import"],
  },
  {
    name: "max-rejects",
    value: "N",
    type: "count",
    default: "no limit",
    env: "PLIMSOLL_MAX_REJECTS",
    help: "exit with 3 when more records than this were set aside",
    commands: ["import"],
  },
  {
    name: "offset",
    value: "N",
    type: "count",
    default: "0",
    env: "PLIMSOLL_OFFSET",
    help: "records to pass over at the start",
    commands: loading,
  },
  {
    name: "limit",
    value: "N",
    type: "count",
    default: "all",
    env: "PLIMSOLL_LIMIT",
    help: "records to read at most",
    commands: loading,
  },
  {
    name: "fresh",
    type: "flag",
    env: "PLIMSOLL_FRESH",
    help: "forget where a former import of these sources stopped, and begin again",
    commands: ["import"],
  },
  {
    name: "dry-run",
    type: "flag",
    env: "PLIMSOLL_DRY_RUN",
    help: "read, check and map everything, and write nothing but rejects",
    commands: ["import"],
  },
  {
    name: "report",
    value: "FILE",
    type: "text",
    env: "PLIMSOLL_REPORT",
    help: "write the report of the import there, as JSON",
    commands: ["import"],
  },
  {
    name: "progress",
    value: "HOW",
    type: "choice",
    choices: progressModes,
    default: "auto",
    env: "PLIMSOLL_PROGRESS",
    help: "a bar, JSON lines, or none; auto is a bar on a terminal and a line now and then elsewhere",
    commands: ["import"],
  },
  {
    name: "sync-bytes",
    value: "SIZE",
    type: "bytes",
    default: `${syncBytesDefault / MiB}MiB`,
    env: "PLIMSOLL_SYNC_BYTES",
    help: "a checkpoint at the latest after this many bytes of input",
    commands: ["import"],
  },
  {
    name: "text",
    type: "flag",
    isNegated: true,
    env: "PLIMSOLL_NO_TEXT",
    help: "no full-text indexes, whatever the preset or mapping asks for",
    commands: loading,
  },
  {
    name: "check-ids",
    type: "flag",
    isNegated: true,
    env: "PLIMSOLL_NO_CHECK_IDS",
    help: "trust the ids of nostr events instead of computing them",
    commands: ["import"],
  },
  {
    name: "filter",
    value: "JSON",
    type: "text",
    env: "PLIMSOLL_FILTER",
    help: "entity, where, search, order and limit",
    commands: ["query"],
  },
  {
    name: "nostr",
    value: "JSON",
    type: "text",
    env: "PLIMSOLL_NOSTR",
    help: "a NIP-01 filter (with NIP-50 search) over a store of nostr events; newest first",
    commands: ["query"],
  },
  {
    name: "count",
    type: "flag",
    env: "PLIMSOLL_COUNT",
    help: "print how many there are, and nothing else",
    commands: ["query"],
  },
  {
    name: "explain",
    type: "flag",
    env: "PLIMSOLL_EXPLAIN",
    help: "print which lists the query met, as JSON on stderr",
    commands: ["query"],
  },
  {
    name: "format",
    value: "NAME",
    type: "choice",
    choices: ["jsonl", "csv"],
    default: "jsonl",
    env: "PLIMSOLL_EXPORT_FORMAT",
    help: "format of what is written",
    commands: ["export"],
  },
  {
    name: "entity",
    value: "NAME",
    type: "text",
    default: "all",
    env: "PLIMSOLL_EXPORT_ENTITY",
    help: "records of this entity alone",
    commands: ["export"],
  },
  {
    name: "json",
    type: "flag",
    env: "PLIMSOLL_JSON",
    help: "as one JSON object",
    commands: ["stats", "memory"],
  },
];

/** The rows of a command, in the order of the table. */
export function optionsOf(command: CommandName): OptionRow[] {
  return optionTable.filter((row) => row.commands.includes(command));
}

export function optionFlags(row: OptionRow): string {
  if (row.isNegated === true) return `--no-${row.name}`;
  return row.value === undefined ? `--${row.name}` : `--${row.name} <${row.value}>`;
}
