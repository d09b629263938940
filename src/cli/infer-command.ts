import { type Mapping, writtenMappingToYaml } from "../mapping/index.js";
import { inferSources, openSources, presetMapping, presetRecords } from "../preparation/index.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";

/** Prints the mapping that an import of these sources would infer; what it rests on is said on stderr. */
export async function runInferCommand(host: CommandHost): Promise<number> {
  const { values, signal } = host;
  const onNote = (note: string) => host.note(`${note}\n`);
  const format = values.text("format");
  const { sources, sampler } = await openSources(host.args, {
    format,
    recordsAt: values.text("records-at"),
    command: "infer",
    stdin: host.stdin,
    signal,
    onNote,
  });
  const inferred = await inferSources(sources, sampler, values.text("entity"));
  let mapping: Mapping = inferred.mapping;
  if (inferred.preset !== null) {
    onNote(`The records are ${presetRecords[inferred.preset]}: this is --preset ${inferred.preset}.`);
    mapping = presetMapping(inferred.preset, "infer");
  } else inferred.notes.forEach(onNote);
  await host.out.write(writtenMappingToYaml(mapping));
  return exitCodes.done;
}
