import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, query } from "../../src/query/index.js";
import { payloadScore, wordWeight } from "../../src/query/ranked.js";
import { naiveWords } from "./naive.js";
import { anyWorld, type Person, type World } from "./world.js";

const fieldsOf = { name: ["name"], bio: ["bio"], all: ["name", "bio"] } as const;

/** Every word must occur in one of the fields; best first by the same formula, over plain arrays. */
function naiveSearch(
  world: World,
  search: string,
  names: readonly (keyof Person)[],
): { id: number; score: number }[] {
  const asked = [...new Set(naiveWords(search))];
  const wordsIn = (person: Person, name: keyof Person) => naiveWords(person[name]);
  const found = world.people.filter(({ value }) =>
    asked.every((word) => names.some((name) => wordsIn(value, name).includes(word))),
  );
  const scored = found.map(({ id, value }) => {
    let score = 0;
    for (const word of asked) {
      for (const name of names) {
        const words = wordsIn(value, name);
        const frequency = words.filter((other) => other === word).length;
        if (frequency === 0) continue;
        const postings = world.everyone.filter((person) => wordsIn(person, name).includes(word)).length;
        const payload = (Math.floor(Math.log2(words.length)) << 4) | frequency;
        score += wordWeight(world.people.length, postings) * payloadScore(payload);
      }
    }
    return { id, score };
  });
  return scored.toSorted((left, right) => right.score - left.score || left.id - right.id);
}

describe("search", () => {
  const anyWords = fc
    .array(
      fc.constantFrom(
        "red",
        "BICYCLE",
        "straße",
        "日",
        "本",
        "annabella",
        "ünïcode",
        "extraordinarily",
        "absent",
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((words) => words.join(" "));

  test("finds what holds all words, best first, against the twin", () => {
    fc.assert(
      fc.property(anyWorld, anyWords, fc.constantFrom("name", "bio", "all"), (world, words, where) => {
        const search = where === "all" ? words : { [where]: words };
        const expected = naiveSearch(world, words, fieldsOf[where]);
        const found = [...query(world.reader, { entity: "Person", search })];
        expect(found.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
        for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at]!.score, 9);
        expect(count(world.reader, { entity: "Person", search })).toBe(expected.length);
        const top = [...query(world.reader, { entity: "Person", search, limit: 2 })];
        expect(top.map(({ id }) => id)).toEqual(found.slice(0, 2).map(({ id }) => id));
      }),
    );
  }, 60_000);

  test("goes with conditions and an order", () => {
    fc.assert(
      fc.property(anyWorld, anyWords, (world, words) => {
        const filter = { entity: "Person", search: words, where: { age: { gte: 2 } }, order: "-age" };
        const expected = naiveSearch(world, words, fieldsOf.all)
          .map(({ id }) => world.people.find((person) => person.id === id)!)
          .filter(({ value }) => typeof value.age === "number" && value.age >= 2)
          .toSorted((left, right) => right.value.age! - left.value.age! || left.id - right.id);
        expect([...query(world.reader, filter)].map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }),
    );
  }, 60_000);
});
