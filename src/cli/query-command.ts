import { PlimsollError } from "../kernel/index.js";
import { storePath } from "../preparation/index.js";
import {
  count,
  explain,
  nostrCount,
  nostrExplain,
  nostrQuery,
  query,
  setQueryCaches,
} from "../query/index.js";
import { exitCodes } from "./exit-codes.js";
import { breathe, type CommandHost } from "./host.js";
import { openStore } from "./open-store.js";

/** Prints the records that match, one a line; the text of a record is as it is stored. */
export async function runQueryCommand(host: CommandHost): Promise<number> {
  const { values, signal, out } = host;
  const [filter, nostr] = [values.text("filter"), values.text("nostr")];
  if ((filter === null) === (nostr === null)) {
    const what =
      filter === null ? "--filter or --nostr is missing" : "--filter and --nostr cannot be given together";
    throw new PlimsollError("USAGE", { what, command: "query" });
  }
  await using store = await openStore(storePath(host.args[0]!, "query"));
  const { reader } = store;
  const [blockBytes, indexBytes] = [values.number("block-cache"), values.number("index-cache")];
  setQueryCaches(reader, {
    ...(blockBytes === null ? {} : { blockBytes }),
    ...(indexBytes === null ? {} : { indexBytes }),
  });
  if (values.flag("explain")) {
    const lines = filter !== null ? explain(reader, filter) : nostrExplain(reader, nostr);
    host.note(`${lines.join("\n")}\n`);
  }
  if (values.flag("count")) {
    const found = filter !== null ? count(reader, filter, { signal }) : nostrCount(reader, nostr, { signal });
    await out.write(`${found}\n`);
    return exitCodes.done;
  }
  const results = filter !== null ? query(reader, filter, { signal }) : nostrQuery(reader, nostr, { signal });
  for (const { bytes } of results) {
    await out.writeLine(bytes);
    await breathe(signal);
  }
  return exitCodes.done;
}
