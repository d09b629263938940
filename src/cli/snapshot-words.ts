import { PlimsollError } from "../kernel/index.js";

/** Exactly these words behind the verb; those in brackets may be left out. */
export function wordsOf(verb: string, args: readonly string[], names: readonly string[]): string[] {
  const least = names.filter((name) => !name.startsWith("[")).length;
  if (args.length >= least && args.length <= names.length) return [...args];
  const what =
    args.length < least ? `${names[args.length]} is missing` : `${args[names.length]} is one word too many`;
  throw wrongUsage(`${what}: plimsoll snapshot ${verb} ${names.join(" ")}`);
}

export function wrongUsage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "snapshot" });
}
