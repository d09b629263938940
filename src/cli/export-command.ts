import { storePath } from "../preparation/index.js";
import { exportRecords } from "../query/index.js";
import { openStoreReader } from "../targets/lmdb/index.js";
import { exitCodes } from "./exit-codes.js";
import { breathe, type CommandHost } from "./host.js";

/** Prints every live record in the order of import. */
export async function runExportCommand(host: CommandHost): Promise<number> {
  const { values, signal, out } = host;
  const entity = values.text("entity");
  const format = values.text("format") === "csv" ? "csv" : "jsonl";
  await using reader = await openStoreReader(storePath(host.args[0]!, "export"));
  for (const piece of exportRecords(reader, { format, signal, ...(entity === null ? {} : { entity }) })) {
    await out.writeBytes(piece);
    await breathe(signal);
  }
  return exitCodes.done;
}
