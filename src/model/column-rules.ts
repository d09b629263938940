/** How columns of a table become members of its records where they do not one by one. */
export interface ColumnRules {
  /**
   * Columns such as `name.en_US` become members of one object. True: whatever looks like a locale; a list:
   * these.
   */
  localised?: true | string[];
  /** By the member that they become: columns of names and of values, a star standing for their number. */
  pairs?: Record<string, ColumnPairs>;
  /** By column, or by its name without the locale: the character between the values of a cell. */
  lists?: Record<string, string>;
}

export interface ColumnPairs {
  key: string;
  value: string;
}

/** A member of a record that is made of columns. */
export type ColumnNode =
  | { kind: "cell"; name: string; column: number; separator: string | null }
  | { kind: "object"; name: string; nodes: ColumnNode[]; pairs: PairColumns[] };

/** The numbers of the columns of a pair: of its name and of its value. */
export interface PairColumns {
  key: number;
  value: number;
}

type ObjectNode = Extract<ColumnNode, { kind: "object" }>;

const localePattern = /^[a-z]{2,3}[_-](?:[A-Z]{2}|[0-9]{3}|[A-Z][a-z]{3}(?:[_-](?:[A-Z]{2}|[0-9]{3}))?)$/;

/**
 * What the records of a table look like. A column that another one's name stands in the way of stays a member
 * of
 * its own name, so that no row is refused for its header: `name.en_US` beside a column `name`, and pairs
 * whose
 * member is a column as well.
 */
export function shapeColumns(columns: readonly string[], rules: ColumnRules | undefined): ColumnNode[] {
  const names = new Set(columns);
  const pairs = pairsOf(columns, rules ?? {}, names);
  const nodes: ColumnNode[] = [];
  const objects = new Map<string, ObjectNode>();
  const objectOf = (name: string, among: ColumnNode[], key: string): ObjectNode => {
    const known = objects.get(key);
    if (known !== undefined) return known;
    const made: ObjectNode = { kind: "object", name, nodes: [], pairs: [] };
    objects.set(key, made);
    among.push(made);
    return made;
  };
  columns.forEach((column, number) => {
    const pair = pairs.get(number);
    if (pair !== undefined) {
      const { member, locale, columns } = pair;
      const own = objectOf(member, nodes, JSON.stringify([member]));
      const owner = locale === null ? own : objectOf(locale, own.nodes, JSON.stringify([member, locale]));
      if (columns.key === number) owner.pairs.push(columns);
      return;
    }
    const { base, locale } = splitLocale(column, rules ?? {});
    const isApart = locale !== null && !names.has(base) && !isPairMember(base, pairs);
    const separator = separatorOf(rules ?? {}, column, isApart ? base : column);
    if (!isApart) nodes.push({ kind: "cell", name: column, column: number, separator });
    else {
      const owner = objectOf(base, nodes, JSON.stringify([base]));
      owner.nodes.push({ kind: "cell", name: locale, column: number, separator });
    }
  });
  return nodes;
}

/** The base and the locale of a column's name; null where it has none. */
export function splitLocale(
  column: string,
  { localised }: ColumnRules,
): { base: string; locale: string | null } {
  const dot = column.lastIndexOf(".");
  const locale = column.slice(dot + 1);
  const isLocale = localised === true ? localePattern.test(locale) : (localised?.includes(locale) ?? false);
  return dot > 0 && isLocale ? { base: column.slice(0, dot), locale } : { base: column, locale: null };
}

interface FoundPair {
  member: string;
  locale: string | null;
  columns: PairColumns;
}

/** The pairs by the numbers of both their columns. */
function pairsOf(
  columns: readonly string[],
  rules: ColumnRules,
  names: ReadonlySet<string>,
): Map<number, FoundPair> {
  const numbers = new Map(columns.map((column, number) => [column, number]));
  const found = new Map<number, FoundPair>();
  for (const [member, { key, value }] of Object.entries(rules.pairs ?? {})) {
    if (names.has(member)) continue;
    columns.forEach((column, number) => {
      const { base, locale } = splitLocale(column, rules);
      const digits = starDigits(base, key);
      if (digits === null || found.has(number)) return;
      const partner = value.replace("*", digits) + column.slice(base.length);
      const other = numbers.get(partner);
      if (other === undefined || other === number || found.has(other)) return;
      const pair = { member, locale, columns: { key: number, value: other } };
      found.set(number, pair).set(other, pair);
    });
  }
  return found;
}

function isPairMember(name: string, pairs: ReadonlyMap<number, FoundPair>): boolean {
  return [...pairs.values()].some(({ member }) => member === name);
}

/** The digits that stand where a pattern has its star; null when a name does not fit it. */
export function starDigits(name: string, pattern: string): string | null {
  const star = pattern.indexOf("*");
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (name.length <= head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return null;
  const digits = name.slice(head.length, name.length - tail.length);
  return /^\d+$/.test(digits) ? digits : null;
}

function separatorOf({ lists }: ColumnRules, column: string, base: string): string | null {
  const own = lists !== undefined && Object.hasOwn(lists, column) ? lists[column] : undefined;
  const shared = lists !== undefined && Object.hasOwn(lists, base) ? lists[base] : undefined;
  return own ?? shared ?? null;
}

/**
 * A record of a table by its shape, from the texts of its cells: for samples, the kernel makes the others.
 */
export function shapeRecord(
  nodes: readonly ColumnNode[],
  cells: readonly (string | null)[],
): Record<string, unknown> {
  const members = nodes.map((node): [string, unknown] => {
    if (node.kind === "cell") return [node.name, cellValue(cells[node.column] ?? null, node.separator)];
    const named = node.pairs.filter(({ key, value }) => cells[key] || cells[value]);
    const pairs = named.map(({ key, value }): [string, unknown] => [cells[key] ?? "", cells[value] || null]);
    return [node.name, { ...shapeRecord(node.nodes, cells), ...Object.fromEntries(pairs) }];
  });
  return Object.fromEntries(members);
}

function cellValue(cell: string | null, separator: string | null): unknown {
  if (separator === null || cell === null || cell === "") return cell;
  const parts = cell.split(separator).map((part) => part.trim());
  return parts.filter((part) => part !== "");
}
