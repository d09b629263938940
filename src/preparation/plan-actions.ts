import { isPlimsollError, PlimsollError } from "../kernel/index.js";
import { suggestionText } from "../model/index.js";
import { type OptionValue, type OptionValues, optionsOf, rowKey } from "../settings/index.js";
import { resolveSources } from "../sources/index.js";
import { sourceFormat } from "./open-sources.js";
import { type PlanAction, type PlanFile, planInvalid } from "./plan-file.js";
import type { PlanFault } from "./plan-syntax.js";
import { namedEntities } from "./resolve-mapping.js";
import { parseTarget } from "./target.js";

/** Which actions of a plan are to be carried out; empty and null: all. */
export interface PlanSelection {
  only: readonly string[];
  from: string | null;
  groups: readonly string[];
}

/** An action that was found right: its options, as those of an import, and what its sources take. */
export interface CheckedAction {
  action: PlanAction;
  values: OptionValues;
  target: string;
  /** Stored bytes of its sources. */
  sizeBytes: number;
}

/** Options that belong to a plan as a whole. */
const planOptions = ["plan", "only", "from", "group", "keep-going", "report"];
/** On the command line these would mean every action, and what they say differs from one to the next. */
const ofActions = [
  "entity",
  "format",
  "preset",
  "mapping",
  "schema",
  "key",
  "index",
  "range",
  "text",
  "stems",
];
const moreOfActions = ["trigram", "place", "link"];

/**
 * The actions that are asked for, in the order of the plan. A name stands for an action, or for all of an
 * entity.
 */
export function selectActions(plan: PlanFile, { only, from, groups }: PlanSelection): PlanAction[] {
  const isNamed = ({ name, entity }: PlanAction, asked: string) => name === asked || entity === asked;
  const names = plan.actions.map(({ name }) => name);
  for (const [flag, list] of [
    ["--only", only],
    ["--from", from === null ? [] : [from]],
  ] as const) {
    const unknown = list.find((asked) => !plan.actions.some((action) => isNamed(action, asked)));
    if (unknown !== undefined) throw unknownName(flag, unknown, "action", names);
  }
  const known = [...new Set(plan.actions.flatMap((action) => action.groups))];
  const strange = groups.find((group) => !known.includes(group));
  if (strange !== undefined) throw unknownName("--group", strange, "group", known);
  const first = from === null ? 0 : plan.actions.findIndex((action) => isNamed(action, from));
  const chosen = plan.actions.filter((action, index) => {
    const isOnly = only.length === 0 || only.some((asked) => isNamed(action, asked));
    const isInGroup = groups.length === 0 || action.groups.some((group) => groups.includes(group));
    return index >= first && isOnly && isInGroup;
  });
  if (chosen.length > 0) return chosen;
  const what = "--only, --from and --group leave no action of the plan";
  throw new PlimsollError("USAGE", { what, command: "import" });
}

/** Opens what the actions name, so that a plan is found right as a whole before it loads anything. */
export async function checkActions(
  plan: PlanFile,
  actions: readonly PlanAction[],
  given: OptionValues,
): Promise<CheckedAction[]> {
  assertOfPlan(given, actions.length);
  const faults: PlanFault[] = [];
  const checked: CheckedAction[] = [];
  for (const action of actions) {
    try {
      checked.push(await checkAction(action, given));
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      const elsewhere = action.fileSystem === null ? "" : ` (files of "${action.fileSystem}" must lie here)`;
      faults.push({ line: action.line, what: `action "${action.name}": ${error.message}${elsewhere}` });
    }
  }
  if (faults.length > 0) throw planInvalid(plan.path, faults);
  return checked.map((one) => withOwnRejects(plan, given, one));
}

async function checkAction(action: PlanAction, given: OptionValues): Promise<CheckedAction> {
  const values = valuesOf(action, given);
  const target = values.text("into");
  if (target === null) {
    throw new PlimsollError("USAGE", {
      what: 'it has no "target", and there is no --into',
      command: "import",
    });
  }
  parseTarget(target, "import");
  const format = sourceFormat(values.text("format"), values.text("records-at"), "import");
  const sources = await resolveSources(action.sources, { cwd: process.cwd(), ...format });
  let sizeBytes = 0;
  for (const source of sources) {
    sizeBytes += (await source.fingerprint()).sizeBytes ?? 0;
    await source.close?.();
  }
  return { action, values: withEntity(values), target, sizeBytes };
}

/**
 * Rejects of a source are taken out of their file when it is read again. Where a plan reads one source twice
 * into
 * one target, each of its actions after the first has a file of its own.
 */
function withOwnRejects(plan: PlanFile, given: OptionValues, checked: CheckedAction): CheckedAction {
  const { action, values, target } = checked;
  const { path } = parseTarget(target, "import");
  const isSame = (other: PlanAction) => {
    const isOneTarget = valuesOf(other, given).text("into") === target;
    return isOneTarget && other.sources.some((source) => action.sources.includes(source));
  };
  const isSecond = plan.actions.some((other) => other.number < action.number && isSame(other));
  if (!isSecond || path === null || values.text("rejects") !== null) return checked;
  const own = new Map([["rejects", `${path.replace(/\/+$/, "")}.${action.name}.rejects.jsonl`]]);
  return { ...checked, values: values.with(own, { kind: "file", text: `action "${action.name}"` }) };
}

/** The options of one import: the command line goes before the plan, and the plan before all else. */
function valuesOf(action: PlanAction, given: OptionValues): OptionValues {
  const rows = optionsOf("import");
  const changes = new Map<string, OptionValue | null>(planOptions.map((name) => [name, null]));
  const waysOf = (name: string) => rows.find((row) => rowKey(row) === name)?.way?.of;
  const ways = new Set([...action.settings.keys()].map(waysOf).filter((way) => way !== undefined));
  // What an action says in its way takes the place of what variables and files say in others.
  for (const row of rows) if (row.way !== undefined && ways.has(row.way.of)) changes.set(rowKey(row), null);
  for (const [name, value] of action.settings) {
    if (given.originOf(name)?.kind !== "flag") changes.set(name, value);
  }
  return given.with(changes, { kind: "file", text: `action "${action.name}"` });
}

/** A feed may call `product-abstract` what its mapping calls ProductAbstract. */
function withEntity(values: OptionValues): OptionValues {
  const entities = namedEntities(values, "import");
  const entity = values.text("entity");
  if (entities === null || entity === null || entities.includes(entity)) return values;
  const letters = (name: string) => name.toLowerCase().replace(/[-_.]/g, "");
  const [own, other] = entities.filter((name) => letters(name) === letters(entity));
  if (own === undefined || other !== undefined)
    throw unknownName("entity", entity, "entity of its mapping", entities);
  return values.with(new Map([["entity", own]]), values.originOf("entity")!);
}

function assertOfPlan(given: OptionValues, actionCount: number): void {
  const isGiven = (name: string) => given.originOf(name)?.kind === "flag";
  const alien = [...ofActions, ...moreOfActions].find(isGiven);
  if (alien !== undefined) {
    const what = `--${alien} says something of one import: write it into the plan's action`;
    throw new PlimsollError("USAGE", { what, command: "import" });
  }
  const place = ["offset", "limit"].find(isGiven);
  if (place === undefined || actionCount === 1) return;
  const what = `--${place} is for one action of a plan: name it with --only`;
  throw new PlimsollError("USAGE", { what, command: "import" });
}

function unknownName(flag: string, name: string, kind: string, known: readonly string[]): PlimsollError {
  const what = `${flag} "${name}" is no ${kind}${suggestionText(name, known)}`;
  return new PlimsollError("USAGE", { what, command: "import" });
}
