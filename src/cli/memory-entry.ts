import { exitCodes } from "./command-table.js";
import type { CommandHost } from "./host.js";
import { runMemoryCommand } from "./memory-command.js";
import { divisionSettings, memorySource } from "./memory-settings.js";

/** Hands the options of the command line to the command. */
export async function runMemoryEntry(host: CommandHost): Promise<number> {
  const { values } = host;
  const memory = values.text("memory");
  const threads = values.number("threads");
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
