import { PlimsollError } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { storePath } from "../preparation/index.js";
import {
  count,
  explain,
  matchQuads,
  nostrCount,
  nostrExplain,
  nostrQuery,
  query,
  setQueryCaches,
} from "../query/index.js";
import type { OptionValues } from "../settings/index.js";
import { exitCodes } from "./exit-codes.js";
import { breathe, type CommandHost } from "./host.js";
import { openStore } from "./open-store.js";

/** What is asked of a store, in one of the ways in which that can be said. */
interface Question {
  explain(reader: StoreReader): string[];
  count(reader: StoreReader, signal: AbortSignal): number;
  lines(reader: StoreReader, signal: AbortSignal): Iterable<Uint8Array>;
}

const questions = {
  filter: (filter: string): Question => ({
    explain: (reader) => explain(reader, filter),
    count: (reader, signal) => count(reader, filter, { signal }),
    *lines(reader, signal) {
      for (const { bytes } of query(reader, filter, { signal })) yield bytes;
    },
  }),
  nostr: (filter: string): Question => ({
    explain: (reader) => nostrExplain(reader, filter),
    count: (reader, signal) => nostrCount(reader, filter, { signal }),
    *lines(reader, signal) {
      for (const { bytes } of nostrQuery(reader, filter, { signal })) yield bytes;
    },
  }),
  match: (match: string): Question => ({
    explain: (reader) => explain(reader, { match }),
    count: (reader, signal) => count(reader, { match }, { signal }),
    lines: (reader, signal) => matchQuads(reader, match, { signal }),
  }),
};

/** Prints the records that match, one a line; the text of a record is as it is stored, quads are N-Quads. */
export async function runQueryCommand(host: CommandHost): Promise<number> {
  const { values, signal, out } = host;
  const question = questionOf(values);
  await using store = await openStore(storePath(host.args[0]!, "query"));
  const { reader } = store;
  const [blockBytes, indexBytes] = [values.number("block-cache"), values.number("index-cache")];
  setQueryCaches(reader, {
    ...(blockBytes === null ? {} : { blockBytes }),
    ...(indexBytes === null ? {} : { indexBytes }),
  });
  if (values.flag("explain")) host.note(`${question.explain(reader).join("\n")}\n`);
  if (values.flag("count")) {
    await out.write(`${question.count(reader, signal)}\n`);
    return exitCodes.done;
  }
  for (const line of question.lines(reader, signal)) {
    await out.writeLine(line);
    await breathe(signal);
  }
  return exitCodes.done;
}

function questionOf(values: OptionValues): Question {
  const names = Object.keys(questions) as (keyof typeof questions)[];
  const given = names.flatMap((name) => {
    const text = values.text(name);
    return text === null ? [] : [{ name, text }];
  });
  const [first, second] = given;
  if (first === undefined || second !== undefined) {
    const what =
      first === undefined
        ? "--filter, --match or --nostr is missing"
        : `--${first.name} and --${second!.name} cannot be given together`;
    throw new PlimsollError("USAGE", { what, command: "query" });
  }
  return questions[first.name](first.text);
}
