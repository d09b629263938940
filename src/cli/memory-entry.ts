import { collectGarbage } from "../kernel/index.js";
import { divisionSettings, memorySource } from "../settings/index.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { runMemoryCommand } from "./memory-command.js";

/** Hands the options of the command line to the command. */
export async function runMemoryEntry(host: CommandHost): Promise<number> {
  const { values } = host;
  const memory = values.text("memory");
  const threads = values.number("threads");
  await loadImport();
  let text = "";
  runMemoryCommand(
    {
      json: values.flag("json"),
      memorySource: memorySource(values),
      settings: divisionSettings(values),
      ...(memory === null ? {} : { memory }),
      ...(threads === null ? {} : { threads }),
    },
    {
      write: (part) => {
        text += part;
      },
    },
  );
  await host.out.write(text);
  return exitCodes.done;
}

/** The process shall take what it takes when an import begins: its shares are what is left of the line. */
async function loadImport(): Promise<void> {
  await Promise.all([import("./import-command.js"), import("../targets/lmdb/index.js")]);
  collectGarbage();
}
