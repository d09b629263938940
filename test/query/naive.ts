import fc from "fast-check";
import type { City, Person, World } from "./world.js";

/** The twin: filters over arrays of objects in plain JavaScript, without any index. */
type Row = { id: number; value: City | Person };
type Conditions = Record<string, unknown>;

export function naiveMatches(world: World, entity: "City" | "Person", row: Row, where: Conditions): boolean {
  return Object.entries(where).every(([name, condition]) => {
    if (name === "or")
      return (condition as Conditions[]).some((part) => naiveMatches(world, entity, row, part));
    if (name === "and")
      return (condition as Conditions[]).every((part) => naiveMatches(world, entity, row, part));
    if (name === "not") return !naiveMatches(world, entity, row, condition as Conditions);
    const [head, rest] = [name.split(".")[0]!, name.slice(name.indexOf(".") + 1)];
    if (!name.includes(".")) return fieldMeets(entity, row, name, condition);
    if (head === "tags") return valuesMeet(tagValues(row.value as Person, rest), condition);
    if (head === "home" || head === "friend") {
      const targets: Row[] = head === "home" ? world.cities : world.people;
      const [key] = naiveValues("Person", row, head);
      const target = targets.find(({ value }) => value.id === key);
      const targetEntity = head === "home" ? "City" : "Person";
      return target !== undefined && naiveMatches(world, targetEntity, target, { [rest]: condition });
    }
    const pointing = world.people.filter((person) => naiveValues("Person", person, rest)[0] === row.value.id);
    const asked = condition as Conditions;
    if (typeof asked.exists === "boolean") return pointing.length > 0 === asked.exists;
    return pointing.some((person) => naiveMatches(world, "Person", person, asked));
  });
}

function fieldMeets(entity: string, row: Row, name: string, condition: unknown): boolean {
  return valuesMeet(naiveValues(entity, row, name), operandsOf(name, condition));
}

export function naiveValues(_entity: string, { value }: Row, name: string): (string | number)[] {
  if (name === "home") return listOf((value as Person).address?.city) as number[];
  const raw = listOf((value as unknown as Record<string, unknown>)[name]);
  return raw.map((item) => normal(name, item));
}

function normal(name: string, item: unknown): string | number {
  if (name === "born") return Date.parse(String(item));
  if (name === "code") return String(item).toLowerCase();
  return typeof item === "boolean" ? Number(item) : (item as string | number);
}

function operandsOf(name: string, condition: unknown): unknown {
  if (Array.isArray(condition)) return condition.map((item) => normal(name, item));
  if (typeof condition !== "object" || condition === null) return normal(name, condition);
  return Object.fromEntries(
    Object.entries(condition).map(([operator, operand]) => {
      if (operator === "exists") return [operator, operand];
      return [
        operator,
        Array.isArray(operand) ? operand.map((item) => normal(name, item)) : normal(name, operand),
      ];
    }),
  );
}

function tagValues(person: Person, name: string): string[] {
  return (person.tags ?? [])
    .filter(
      (entry): entry is unknown[] =>
        Array.isArray(entry) && entry[0] === name && typeof entry[1] === "string",
    )
    .map((entry) => String(entry[1]));
}

function listOf(value: unknown): unknown[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => item !== null && item !== undefined);
}

function valuesMeet(values: (string | number)[], condition: unknown): boolean {
  if (Array.isArray(condition)) return values.some((value) => condition.includes(value));
  if (typeof condition !== "object" || condition === null) return values.some((value) => value === condition);
  const { exists, ...tests } = condition as Conditions;
  if (exists !== undefined && exists !== values.length > 0) return false;
  if (Object.keys(tests).length === 0) return true;
  return values.some((value) =>
    Object.entries(tests).every(([operator, operand]) => {
      const order =
        operator === "in" || operator === "prefix" ? 0 : naiveCompare(value, operand as string | number);
      if (operator === "eq") return value === operand;
      if (operator === "in") return (operand as unknown[]).includes(value);
      if (operator === "prefix") return String(value).startsWith(String(operand));
      return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[operator];
    }),
  );
}

export function naiveCompare(left: string | number, right: string | number): number {
  if (typeof left === "string") return Buffer.compare(Buffer.from(left), Buffer.from(String(right)));
  return left - Number(right);
}

export function naiveWords(value: unknown): string[] {
  const folded = listOf(value).map((item) => [...String(item)].map((point) => point.toLowerCase()).join(""));
  return folded.flatMap(
    (item) => item.match(/[\p{Script=Han}]|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+/gu) ?? [],
  );
}

export function naiveQuery(
  world: World,
  filter: { entity: "City" | "Person"; where?: Conditions; order?: string; limit?: number; offset?: number },
): number[] {
  const rows: Row[] = filter.entity === "City" ? world.cities : world.people;
  let found = rows.filter((row) => naiveMatches(world, filter.entity, row, filter.where ?? {}));
  if (filter.order !== undefined) {
    const sign = filter.order.startsWith("-") ? -1 : 1;
    const name = filter.order.replace("-", "");
    const keyOf = (row: Row) => naiveValues(filter.entity, row, name)[0];
    found = found.toSorted((left, right) => {
      const [a, b] = [keyOf(left), keyOf(right)];
      if (a === undefined || b === undefined)
        return Number(a === undefined) - Number(b === undefined) || left.id - right.id;
      return sign * naiveCompare(a, b) || left.id - right.id;
    });
  }
  const start = filter.offset ?? 0;
  return found
    .slice(start, filter.limit === undefined ? undefined : start + filter.limit)
    .map(({ id }) => id);
}

const someNames = fc.constantFrom("Ann", "Annabella Longname", "Zoë", "", "𐐷eserets", "B", "￮eee");
const range = <T>(value: fc.Arbitrary<T>) =>
  fc
    .record({ gt: value, gte: value, lt: value, lte: value }, { requiredKeys: [] })
    .map(({ gt, gte, lt, lte }) => ({
      ...(gte === undefined ? (gt === undefined ? {} : { gt }) : { gte }),
      ...(lte === undefined ? (lt === undefined ? {} : { lt }) : { lte }),
    }))
    .filter((test) => Object.keys(test).length > 0);

function conditionOn<T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof(
    value,
    fc.array(value, { maxLength: 3 }),
    range(value),
    value.map((eq) => ({ eq })),
    fc.record({ in: fc.array(value, { maxLength: 12 }), gte: value }),
    fc.boolean().map((exists) => ({ exists })),
    fc.record({ exists: fc.boolean(), lte: value }),
  );
}

const number = fc.oneof(fc.integer({ min: -6, max: 7 }), fc.maxSafeInteger());
const textCondition = fc.oneof(
  conditionOn(someNames),
  fc.constantFrom("Ann", "Annabella L", "", "Z").map((prefix) => ({ prefix })),
);
const date = fc.constantFrom("2001-02-03", "1969-12-31T23:59:59.500Z", "2020-01-01T00:00:00Z", "1970-01-01");

const cityLeaf: fc.Arbitrary<Conditions> = fc.oneof(
  textCondition.map((name) => ({ name })),
  conditionOn(number).map((size) => ({ size })),
  conditionOn(fc.nat({ max: 8 })).map((id) => ({ id })),
);

const personLeaf: fc.Arbitrary<Conditions> = fc.oneof(
  textCondition.map((name) => ({ name })),
  conditionOn(number).map((age) => ({ age })),
  conditionOn(fc.constantFrom(0, 0.5, -1, 1, 1e300)).map((score) => ({ score })),
  fc
    .oneof(
      fc.boolean(),
      fc.boolean().map((exists) => ({ exists })),
    )
    .map((alive) => ({ alive })),
  conditionOn(date).map((born) => ({ born })),
  fc.constantFrom("ab", "AB", "00ff00FF00ff00ff", "").map((code) => ({ code })),
  conditionOn(fc.constantFrom("a", "a label that is long", "zz")).map((labels) => ({ labels })),
  fc.constantFrom("x", "a value that is long", "", ["x", ""]).map((value) => ({ "tags.e": value })),
  fc.boolean().map((exists) => ({ "tags.p": { exists } })),
  conditionOn(fc.constantFrom("a", "ab")).map((note) => ({ note })),
  conditionOn(fc.nat({ max: 3 })).map((rank) => ({ rank })),
  conditionOn(fc.nat({ max: 7 })).map((home) => ({ home })),
  textCondition.map((condition) => ({ "home.name": condition })),
  conditionOn(number).map((condition) => ({ "home.size": condition })),
  textCondition.map((condition) => ({ "friend.name": condition })),
  conditionOn(number).map((condition) => ({ "friend.home.size": condition })),
  fc.boolean().map((exists) => ({ "Person.friend": { exists } })),
  conditionOn(number).map((age) => ({ "Person.friend": { age } })),
);

function nested(leaf: fc.Arbitrary<Conditions>): fc.Arbitrary<Conditions> {
  return fc.letrec<{ where: Conditions }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.tuple(leaf, leaf).map(([left, right]) => ({ ...left, ...right })),
      fc.array(tie("where"), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
      fc.tuple(tie("where"), leaf).map(([not, other]) => ({ ...other, not })),
      fc.array(tie("where"), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
    ),
  })).where;
}

export const anyPersonWhere = nested(personLeaf);
export const anyCityWhere = nested(
  fc.oneof(
    cityLeaf,
    personLeaf.map((where) => ({ "Person.home": where })),
    fc.boolean().map((exists) => ({ "Person.home": { exists } })),
  ),
);
