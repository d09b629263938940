import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** What a language makes of a word in lower case: its stem, or null when it is left out. */
export type WordRule = (word: string) => string | null;

/** Languages by the code of ISO 639-1, with their names in the two packages. */
const languages: Readonly<Record<string, { stemmer: string; stopWords: string }>> = {
  da: { stemmer: "danish", stopWords: "dan" },
  de: { stemmer: "german", stopWords: "deu" },
  en: { stemmer: "english", stopWords: "eng" },
  es: { stemmer: "spanish", stopWords: "spa" },
  fi: { stemmer: "finnish", stopWords: "fin" },
  fr: { stemmer: "french", stopWords: "fra" },
  hu: { stemmer: "hungarian", stopWords: "hun" },
  it: { stemmer: "italian", stopWords: "ita" },
  nl: { stemmer: "dutch", stopWords: "nld" },
  no: { stemmer: "norwegian", stopWords: "nob" },
  pt: { stemmer: "portuguese", stopWords: "por" },
  ro: { stemmer: "romanian", stopWords: "ron" },
  ru: { stemmer: "russian", stopWords: "rus" },
  sv: { stemmer: "swedish", stopWords: "swe" },
  tr: { stemmer: "turkish", stopWords: "tur" },
};

export const wordLanguages: readonly string[] = Object.keys(languages);

/** Norwegian has two written forms with codes of their own, whose words end alike. */
const sameRules: Readonly<Record<string, string>> = { nb: "no", nn: "no" };

/** The code of the language that a tag such as `en` or `de-CH` names; null when there are no rules for it. */
export function languageOfTag(tag: string): string | null {
  const subtag = /^([A-Za-z]{2})(?:$|[-_])/.exec(tag)?.[1];
  if (subtag === undefined) return null;
  const lower = subtag.toLowerCase();
  const code = sameRules[lower] ?? lower;
  return Object.hasOwn(languages, code) ? code : null;
}

const rules = new Map<string, WordRule>();

/** The rules of a language; its packages are loaded when they are first asked for. */
export function wordRule(code: string): WordRule {
  let rule = rules.get(code);
  if (rule === undefined) {
    const { stemmer, stopWords } = languages[code]!;
    const stem = loadStemmer(stemmer);
    const isLeftOut = new Set((load("stopword") as Record<string, readonly string[]>)[stopWords]);
    rule = (word) => (isLeftOut.has(word) ? null : stem(word));
    rules.set(code, rule);
  }
  return rule;
}

/** English by the second of Porter's algorithms, which the other package does not have. */
function loadStemmer(name: string): (word: string) => string {
  if (name === "english") return load("wink-porter2-stemmer") as (word: string) => string;
  return (load(`@orama/stemmers/${name}`) as { stemmer: (word: string) => string }).stemmer;
}

/** A code as kernels have it: two letters, the first in the lower byte. */
export function languageNumber(code: string): number {
  return code.charCodeAt(0) | (code.charCodeAt(1) << 8);
}

export function codeText(code: number): string {
  return String.fromCharCode(code & 0xff, code >> 8);
}
