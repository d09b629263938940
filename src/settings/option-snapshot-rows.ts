import type { OptionRow } from "./option-row.js";

/** What is published and merged, under which names. */
export const snapshotRows: readonly OptionRow[] = [
  {
    name: "instance",
    value: "NAME",
    type: "text",
    default: "the name of this machine",
    env: "PLIMSOLL_INSTANCE",
    help: "who sends: each instance that shares a storage needs a name of its own",
    commands: ["snapshot"],
  },
  {
    name: "database",
    value: "NAME",
    type: "text",
    default: "the name of the store's folder or file",
    env: "PLIMSOLL_DATABASE",
    help: "what the database is called in names of snapshots: the same on all instances",
    commands: ["snapshot"],
  },
  {
    name: "schema",
    value: "NAME",
    type: "choice",
    choices: ["native", "shadow"],
    default: "shadow",
    env: "PLIMSOLL_SNAPSHOT_SCHEMA",
    help: "of an application's LMDB: native where its values carry the header of Lightning Stream, else shadow",
    commands: ["snapshot"],
  },
  {
    name: "from",
    value: "INSTANCE",
    type: "text",
    default: "the only one there is",
    env: "PLIMSOLL_FROM_INSTANCE",
    help: "whose store is pulled",
    commands: ["snapshot"],
  },
  {
    name: "once",
    type: "flag",
    env: "PLIMSOLL_ONCE",
    help: "sync until all that was there at the start is merged and what is local is sent",
    commands: ["snapshot"],
  },
  {
    name: "endpoint",
    value: "URL",
    type: "text",
    default: "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or Amazon's",
    env: "PLIMSOLL_ENDPOINT",
    help: "the server of s3:// storages",
    commands: ["snapshot"],
  },
];
