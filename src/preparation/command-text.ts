import { shownAddress } from "../kernel/index.js";

/** A word of a command line as a shell reads it back. */
export function quoteArgument(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command as it is shown and kept: the passwords of addresses are left out. */
export function commandText(words: readonly string[]): string {
  return words.map((word) => quoteArgument(withoutPassword(word))).join(" ");
}

function withoutPassword(word: string): string {
  return /^postgres(ql)?:/i.test(word) ? (shownAddress(word) ?? word) : word;
}
