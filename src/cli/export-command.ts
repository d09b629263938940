import { storePath } from "../preparation/index.js";
import { type ExportFormat, exportRecords } from "../query/index.js";
import { exitCodes } from "./exit-codes.js";
import { breathe, type CommandHost } from "./host.js";
import { openStore } from "./open-store.js";

/** Prints every live record in the order of import. */
export async function runExportCommand(host: CommandHost): Promise<number> {
  const { values, signal, out } = host;
  const entity = values.text("entity");
  const format = (values.text("format") ?? "jsonl") as ExportFormat;
  await using store = await openStore(storePath(host.args[0]!, "export"));
  const { reader } = store;
  for (const piece of exportRecords(reader, { format, signal, ...(entity === null ? {} : { entity }) })) {
    await out.writeBytes(piece);
    await breathe(signal);
  }
  return exitCodes.done;
}
