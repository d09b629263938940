/** A word of a command line as a shell reads it back. */
export function quoteArgument(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function commandText(words: readonly string[]): string {
  return words.map(quoteArgument).join(" ");
}
