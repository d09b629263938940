import {
  type CompiledEntity,
  type CompiledIndex,
  languageOfTag,
  type WordRule,
  withoutMarkup,
  wordLanguages,
  wordRule,
} from "../model/index.js";
import type { FieldReader } from "./field-values.js";
import type { LiveRecord } from "./live-record.js";

const asItIs: WordRule = (word) => word;

/** The part of a value that an index looks for words in. */
export function readableText({ markup }: CompiledIndex, value: unknown): string {
  return markup === undefined ? String(value) : withoutMarkup(String(value));
}

/** Indexes that a search of the entity looks through; where a field has stems, its words are not needed. */
export function searchIndexes(entity: CompiledEntity): CompiledIndex[] {
  return entity.fields.flatMap(({ indexes }) => {
    const stems = indexes.filter(({ kind }) => kind === "stems");
    return stems.length > 0 ? stems : indexes.filter(({ kind }) => kind === "text");
  });
}

/** What an index holds of the words of a record: the record may say in which language they are. */
export function recordRule(
  fields: FieldReader,
  entity: CompiledEntity,
  index: CompiledIndex,
  record: LiveRecord,
): WordRule {
  const { language } = index;
  if (language === undefined) return asItIs;
  const [tag] = language.slot === null ? [] : fields.values(entity.fields[language.slot]!, record);
  return ruleOf(tag === undefined ? language.code : languageOfTag(String(tag)));
}

/** What an index holds of a word whatever the record; undefined when that is up to the record. */
export function fixedRule({ language }: CompiledIndex): WordRule | undefined {
  return language === undefined || language.slot === null ? ruleOf(language?.code ?? null) : undefined;
}

/**
 * All that an index may hold of a word; null when the word may be left out, so that a record without it is
 * found too.
 */
export function wordForms(index: CompiledIndex, word: string): string[] | null {
  const fixed = fixedRule(index);
  const rules = fixed === undefined ? [asItIs, ...wordLanguages.map(wordRule)] : [fixed];
  const forms = rules.map((rule) => rule(word));
  return forms.includes(null) ? null : [...new Set(forms as string[])];
}

function ruleOf(code: string | null): WordRule {
  return code === null ? asItIs : wordRule(code);
}
