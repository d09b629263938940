import { portDefault } from "../kernel/index.js";
import { type CommandName, commandTable } from "./command-table.js";
import { mappingRows } from "./option-mapping-rows.js";
import { memoryRows } from "./option-memory-rows.js";
import { planRows } from "./option-plan-rows.js";
import { queryRows } from "./option-query-rows.js";
import type { OptionRow } from "./option-row.js";
import { snapshotRows } from "./option-snapshot-rows.js";

export { type OptionRow, optionFlags } from "./option-row.js";

const loading = ["import", "plan"] as const;
const reading = ["import", "plan", "infer"] as const;

export const formatNames = [
  "jsonl",
  "json",
  "csv",
  "tsv",
  "parquet",
  "nostr",
  "ntriples",
  "nquads",
  "turtle",
  "trig",
  "dgraph-rdf",
  "dgraph-json",
  "stackexchange",
  "comics",
] as const;
export const progressModes = ["auto", "bar", "json", "none"] as const;

/** Looked for in the current folder. */
export const configNames = ["plimsoll.yaml", "plimsoll.yml", "plimsoll.toml"] as const;

export const optionTable: readonly OptionRow[] = [
  {
    name: "into",
    value: "TARGET",
    type: "text",
    env: "PLIMSOLL_INTO",
    help: "what to load: DIR or lmdb:DIR (the embedded store), sqlite:FILE, postgres://USER@HOST/DATABASE, or null: (discard, for measuring)",
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
    name: "records-at",
    value: "PATH",
    type: "text",
    env: "PLIMSOLL_RECORDS_AT",
    help: "members that lead to the list of records in JSON, such as products or data.items",
    commands: reading,
  },
  ...planRows,
  ...mappingRows,
  ...memoryRows,
  {
    name: "temp-dir",
    value: "DIR",
    type: "text",
    default: "in the store; to verify, the system's",
    env: "PLIMSOLL_TEMP_DIR",
    help: "folder for sorted runs on their way into the store, and for links while they are verified",
    commands: [...loading, "verify", "serve"],
  },
  {
    name: "catalogue",
    value: "DIR",
    type: "text",
    default: "beside the target",
    env: "PLIMSOLL_CATALOGUE",
    help: "for comics: folder for what was seen of the library, so that the next import opens only what has changed",
    commands: loading,
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
    name: "delete",
    type: "flag",
    env: "PLIMSOLL_DELETE",
    help: "delete the records whose keys the source lists, or the quads that it holds",
    commands: ["import"],
  },
  {
    name: "live",
    type: "flag",
    env: "PLIMSOLL_LIVE",
    help: "write records as a server does: each group durable and seen when it is written",
    commands: ["import"],
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
    help: "write the report there, as JSON",
    commands: ["import", "snapshot"],
  },
  {
    name: "progress",
    value: "HOW",
    type: "choice",
    choices: progressModes,
    default: "auto",
    env: "PLIMSOLL_PROGRESS",
    help: "a bar, JSON lines, or none; auto is a bar on a terminal and a line now and then elsewhere",
    commands: ["import", "snapshot"],
  },
  {
    name: "explain",
    type: "flag",
    env: "PLIMSOLL_EXPLAIN_IMPORT",
    help: "print after the import why it took the time it took, and what would have helped",
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
    commands: loading,
    way: { of: "checks", name: "none" },
  },
  {
    name: "verify",
    type: "flag",
    env: "PLIMSOLL_VERIFY",
    help: "verify the signatures of nostr events as well as their ids, which are checked without it too",
    commands: loading,
    way: { of: "checks", name: "all" },
  },
  ...queryRows,
  ...snapshotRows,
  {
    name: "port",
    value: "N",
    type: "count",
    default: String(portDefault),
    env: "PLIMSOLL_PORT",
    help: "port to listen on; 0 takes any that is free",
    commands: ["serve"],
  },
  {
    name: "host",
    value: "ADDRESS",
    type: "text",
    default: "127.0.0.1",
    env: "PLIMSOLL_HOST",
    help: "address to listen on; one that others reach needs --tokens",
    commands: ["serve"],
  },
  {
    name: "tokens",
    value: "FILE",
    type: "text",
    env: "PLIMSOLL_TOKENS",
    help: "file of tokens; with it every request for data needs one",
    commands: ["serve", "token"],
  },
  {
    name: "scope",
    value: "SCOPE",
    type: "choice",
    choices: ["read", "write", "admin"],
    env: "PLIMSOLL_TOKEN_SCOPE",
    help: "what the token allows: each scope includes those before it",
    commands: ["token"],
  },
  {
    name: "name",
    value: "NAME",
    type: "text",
    default: "SCOPE-1, SCOPE-2 and so on",
    env: "PLIMSOLL_TOKEN_NAME",
    help: "what the token is called",
    commands: ["token"],
  },
  {
    name: "config",
    value: "FILE",
    type: "text",
    default: configNames.join(", "),
    env: "PLIMSOLL_CONFIG",
    help: "settings as YAML or TOML; without it, the file of that name in the current folder, if there is one; to sync, a file with the names of Lightning Stream as well",
    commands: commandTable.map(({ name }) => name),
  },
];

/** The rows of a command, in the order of the table. */
export function optionsOf(command: CommandName): OptionRow[] {
  return optionTable.filter((row) => row.commands.includes(command));
}
