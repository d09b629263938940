import type { OptionRow } from "./option-row.js";

/** Several imports in one file: which of them, and what happens when one fails. */
export const planRows: readonly OptionRow[] = [
  {
    name: "plan",
    value: "FILE",
    type: "text",
    env: "PLIMSOLL_PLAN",
    help: "run the actions of this file (YAML), one after another, in place of sources",
    commands: ["import"],
  },
  {
    name: "only",
    value: "NAMES",
    type: "list",
    env: "PLIMSOLL_ONLY",
    help: "of a plan, the actions of these names or entities",
    commands: ["import"],
  },
  {
    name: "from",
    value: "NAME",
    type: "text",
    env: "PLIMSOLL_FROM",
    help: "of a plan, the actions from this one on",
    commands: ["import"],
  },
  {
    name: "group",
    value: "NAMES",
    type: "list",
    env: "PLIMSOLL_GROUP",
    help: "of a plan, the actions of these groups",
    commands: ["import"],
  },
  {
    name: "keep-going",
    type: "flag",
    env: "PLIMSOLL_KEEP_GOING",
    help: "go on with a plan's next action when one has failed",
    commands: ["import"],
  },
];
