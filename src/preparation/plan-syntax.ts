import type { Node, YAMLMap } from "yaml";
import { yamlLibrary } from "../mapping/index.js";

/** A key of a plan with its value, and the line where it stands, from 1. */
export interface PlanEntry {
  name: string;
  value: unknown;
  line: number;
}

/** One action as it is written. */
export interface WrittenAction {
  line: number;
  entries: PlanEntry[];
}

export interface WrittenPlan {
  entries: PlanEntry[];
  actions: WrittenAction[];
}

/** Something in a plan that cannot be used. */
export interface PlanFault {
  line: number;
  what: string;
}

/**
 * The keys of a plan with their lines. What is no plan at all is a fault, and nothing else is looked at then.
 */
export function readPlanSyntax(text: string): WrittenPlan | PlanFault {
  const { isMap, isNode, isSeq, LineCounter, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    return { line: lines.linePos(error.pos[0]).line, what: `it is no YAML: ${error.message}` };
  }
  const plain = (node: unknown) => (isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : null);
  const lineOf = (node: unknown): number => {
    const offset = isNode(node) ? (node as Node).range?.[0] : undefined;
    return offset === undefined ? 1 : lines.linePos(offset).line;
  };
  const entriesOf = (map: YAMLMap): PlanEntry[] =>
    map.items.map(({ key, value }) => ({ name: String(plain(key)), value: plain(value), line: lineOf(key) }));
  const { contents } = document;
  if (!isMap(contents)) return { line: 1, what: "a plan has version: 0 and a list of actions" };
  const list = contents.get("actions", true) as unknown;
  if (!isSeq(list) || list.items.length === 0) {
    return { line: list === undefined ? 1 : lineOf(list), what: '"actions" must be a list of imports' };
  }
  const actions: WrittenAction[] = [];
  for (const item of list.items) {
    if (!isMap(item)) return { line: lineOf(item), what: "an action has keys such as entity and source" };
    actions.push({ line: lineOf(item), entries: entriesOf(item) });
  }
  return { entries: entriesOf(contents).filter(({ name }) => name !== "actions"), actions };
}
