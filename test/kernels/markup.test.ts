import fc from "fast-check";
import { expect, test } from "vitest";
import type { Mapping } from "../../src/mapping/index.js";
import { withoutMarkup } from "../../src/model/index.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";

const entity = (markup: { markup?: "html" }) =>
  entityOf({
    version: 1,
    entities: { Page: { fields: { text: { type: "string", index: "text", ...markup } } } },
  } satisfies Mapping);
const html = entity({ markup: "html" });
const plain = entity({});
const rig = new LoaderRig();
const part = fc.constantFrom(
  ...[
    "<p>",
    "</p>",
    "<a href='x y'>",
    "<br/>",
    "<!-- no -->",
    "<",
    ">",
    "< b",
    "<b",
    "&amp;",
    "&",
    "&;",
    "&x",
    ";",
  ],
  ...[
    "one",
    "Two ",
    " ",
    "\n",
    '"',
    "\\",
    "/",
    "é<i>x</i>",
    "&#39;",
    `&${"n".repeat(32)};`,
    `&${"n".repeat(33)};`,
    "😀",
  ],
);
const text = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(""));

/** A string of JSON in which any character but those beyond the BMP may be written as an escape. */
function written(value: string, escapes: readonly boolean[]): string {
  const characters = [...value].map((character, at) => {
    const isEscaped = escapes[at % escapes.length] === true && character.length === 1;
    if (!isEscaped) return JSON.stringify(character).slice(1, -1);
    return character === "/" ? "\\/" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${characters.join("")}"`;
}

const tuplesOf = (of: typeof html, json: string) =>
  rig.load({ entity: of, format: "jsonl", header: null, text: `{"text":${json}}` }).tuples;

test("words of HTML are those between its tags, whatever is escaped", () => {
  fc.assert(
    fc.property(text, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), (value, escapes) => {
      const stripped = value.replace(/<[A-Za-z/!?][^>]*>|&[#A-Za-z0-9]{1,32};/g, " ");
      expect(withoutMarkup(value)).toBe(stripped);
      expect(tuplesOf(html, written(value, escapes))).toEqual(tuplesOf(plain, JSON.stringify(stripped)));
    }),
    { numRuns: 1000 },
  );
});

test("a text of nothing but openings is read in a moment", () => {
  const long = "<a".repeat(60_000);
  const started = performance.now();
  expect(withoutMarkup(long)).toBe(long);
  expect(tuplesOf(html, JSON.stringify(long))).toEqual(tuplesOf(plain, JSON.stringify(long)));
  expect(performance.now() - started).toBeLessThan(10_000);
});
