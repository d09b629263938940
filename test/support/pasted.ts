/** The words of a command that was printed, as a shell takes them. */
export function pasted(command: string): string[] {
  const [, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
  return words;
}
