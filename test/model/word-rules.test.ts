import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { languageOfTag, wordLanguages, wordRule } from "../../src/model/index.js";

const load = createRequire(import.meta.url);
const twin = load("snowball-stemmers") as { newStemmer(name: string): { stem(word: string): string } };
const stopWords = load("stopword") as Record<string, string[]>;

/** Names in the package that is older, and lists to try words from. */
const names: Record<string, [stemmer: string, words: string]> = {
  da: ["danish", "dan"],
  de: ["german", "deu"],
  en: ["english", "eng"],
  es: ["spanish", "spa"],
  fi: ["finnish", "fin"],
  fr: ["french", "fra"],
  hu: ["hungarian", "hun"],
  it: ["italian", "ita"],
  nl: ["dutch", "nld"],
  no: ["norwegian", "nob"],
  pt: ["portuguese", "por"],
  ro: ["romanian", "ron"],
  ru: ["russian", "rus"],
  sv: ["swedish", "swe"],
  tr: ["turkish", "tur"],
};

/** Snowball changed these since the other package was made of it. */
const changedSince = ["fi", "fr", "ru"];

describe("stems", () => {
  test.each(wordLanguages.filter((code) => !changedSince.includes(code)))(
    "of %s are those of another port of Snowball",
    (code) => {
      const [name, list] = names[code]!;
      const stemmer = twin.newStemmer(name);
      const others = Object.values(names).flatMap(([, other]) => stopWords[other]!);
      const words = [...stopWords[list]!, ...others].filter((word) => /^\p{L}{1,20}$/u.test(word));
      for (const word of words) {
        const stem = wordRule(code)(word);
        if (stem !== null) expect([word, stem]).toEqual([word, stemmer.stem(word)]);
      }
    },
    60_000,
  );

  test.each([
    ["en", "bicycles bicycling bicycle", "bicycl bicycl bicycl"],
    ["en", "generously dying skies adoption", "generous die sky adopt"],
    ["de", "häuser fahrräder gelaufen", "haus fahrrad gelauf"],
    ["fr", "continuellement maisons chevaux", "continuel maison cheval"],
    ["ru", "книгами вёсны дороги", "книг весн дорог"],
    ["fi", "taloissa kirjoja ihmiset", "talo kirj ihmis"],
    ["tr", "kitaplar evlerinde", "kitap ev"],
  ])("%s %s", (code, words, stems) => {
    expect(words.split(" ").map(wordRule(code)).join(" ")).toBe(stems);
  });

  test("are strings, whatever the word, and the same each time", () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1 }),
      fc.stringMatching(/^[a-zäöüßçñ0-9]{1,40}$/),
    );
    fc.assert(
      fc.property(fc.constantFrom(...wordLanguages), word, (code, any) => {
        const stem = wordRule(code)(any);
        expect(stem).toBe(wordRule(code)(any));
        expect(stem === null || typeof stem === "string").toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

test("words that texts are made of are left out", () => {
  expect("the bicycle and a house".split(" ").map(wordRule("en"))).toEqual([
    null,
    "bicycl",
    null,
    null,
    "hous",
  ]);
  expect("das haus und der hof".split(" ").map(wordRule("de"))).toEqual([null, "haus", null, null, "hof"]);
});

test.each([
  ["en", "en"],
  ["EN", "en"],
  ["de-CH", "de"],
  ["pt_BR", "pt"],
  ["nb", "no"],
  ["nn-NO", "no"],
  ["eng", null],
  ["e", null],
  ["", null],
  ["zh", null],
  ["én", null],
  ["constructor", null],
])("the tag %s names %s", (tag, code) => {
  expect(languageOfTag(tag)).toBe(code);
});
