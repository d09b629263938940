import { readFileSync } from "node:fs";
import { isPlimsollError, mappingBytesMax, PlimsollError } from "../kernel/index.js";
import {
  compileMapping,
  decompileMapping,
  entityNameOf,
  entityOfSource,
  flagsMapping,
  hasMappingFlags,
  isAwaited,
  type Mapping,
  type MappingFlags,
  mappingFault,
  mergeMappings,
  parseMapping,
  parseSchema,
  type SourceIdentity,
  schemaPredicates,
  withConflictRule,
  withoutText,
} from "../mapping/index.js";
import { type CompiledMapping, globMatches, suggestionText } from "../model/index.js";
import { isQuadFormat, type Source } from "../ports/index.js";
import { rdfEntity, rdfMappingWith } from "../presets/index.js";
import type { OptionValues } from "../settings/index.js";
import { inferSources, isOneTable, presetRecords, type Sampler } from "./infer-sources.js";
import { presetMapping } from "./preset-mapping.js";

export type MappingOrigin = "preset" | "file" | "schema" | "flags" | "store" | "inferred";

export interface ResolvedMapping {
  compiled: CompiledMapping;
  origin: MappingOrigin;
  /** What was decided from samples, for people. */
  notes: string[];
  entityOf: (source: SourceIdentity) => string;
}

interface Choice {
  mapping: Mapping;
  origin: MappingOrigin;
  fileName: string;
  notes: string[];
  /** Null: the mapping tells by its matches and names. */
  entityOf: ((source: SourceIdentity) => string) | null;
}

export interface MappingRequest {
  values: OptionValues;
  sources: readonly Source[];
  stored: CompiledMapping | null;
  sampler: Sampler;
  command: string;
  isRelational: boolean;
  /** The options for a mapping and a schema hold the text itself, and not the name of a file. */
  areDocumentsSaid: boolean;
}

/** The mapping of an import: from a preset, a file, flags, the store itself, or a sample of the sources. */
export async function resolveMapping(request: MappingRequest): Promise<ResolvedMapping> {
  const { values, sources, command } = request;
  const choice = await chooseMapping(request);
  let { mapping } = choice;
  if (values.flag("no-text")) mapping = withoutText(mapping);
  const rule = values.text("on-conflict");
  if (rule !== null) mapping = withChosenRule(mapping, rule, command);
  const compiled = compileMapping(mapping, choice.fileName);
  const entityOf = choice.entityOf ?? ((source: SourceIdentity) => entityOfSource(source, compiled).name);
  for (const source of sources) entityOf(source);
  return { compiled, origin: choice.origin, notes: choice.notes, entityOf };
}

function withChosenRule(mapping: Mapping, rule: string, command: string): Mapping {
  const hasOwnRules = Object.values(mapping.entities).some(({ rules }) => rules !== undefined);
  if (hasOwnRules && rule !== "keep") {
    const why = "the id of an event is its hash, so there is nothing to choose";
    throw new PlimsollError("USAGE", {
      what: `--on-conflict ${rule} is not for nostr events: ${why}`,
      command,
    });
  }
  return withConflictRule(mapping, rule, "--on-conflict");
}

/** The entities of the mapping that the options name, found right; null where it hangs on the sources. */
export function namedEntities(values: OptionValues, command: string): string[] | null {
  const preset = values.text("preset");
  const file = values.text("mapping");
  if (preset === null && file === null) return null;
  const mapping = file === null ? presetMapping(preset!, command) : readMapping(mappingFile(file));
  compileMapping(mapping, file ?? `preset ${preset}`);
  return Object.keys(mapping.entities);
}

/** What the pipeline hands the stored mapping to. */
export function mappingMerger(wanted: CompiledMapping, targetName: string) {
  return (stored: CompiledMapping | null): CompiledMapping => mergeMappings(stored, wanted, targetName);
}

async function chooseMapping(request: MappingRequest): Promise<Choice> {
  const { values, sources, stored, sampler, command, isRelational, areDocumentsSaid } = request;
  const flags = mappingFlags(values);
  const ways = [
    ["--preset", values.text("preset") !== null],
    ["--mapping", values.text("mapping") !== null],
    ["--schema", values.text("schema") !== null],
    ["--key, --index, --range, --text or --link", hasMappingFlags({ ...flags, entity: null })],
  ] as const;
  const preset = values.text("preset");
  const schema = values.text("schema");
  // A schema is one of the preset rdf, so that both may be said.
  const isSaidTwice = schema !== null && preset === "rdf";
  const given = ways
    .filter(([name, isGiven]) => isGiven && !(isSaidTwice && name === "--preset"))
    .map(([name]) => name);
  if (given.length > 1) {
    throw new PlimsollError("USAGE", { what: `${given.join(" and ")} cannot be given together`, command });
  }
  if (schema !== null) {
    if (preset === null && !sources.every(({ format }) => isQuadFormat(format))) {
      const what = "--schema is for quads: name sources of RDF, or say --preset rdf";
      throw new PlimsollError("USAGE", { what, command });
    }
    return schemaChoice(areDocumentsSaid ? said("schema", schema) : schemaFile(schema), flags.entity);
  }
  if (preset !== null) return presetChoice(preset, flags.entity, command);
  const file = values.text("mapping");
  if (file !== null) {
    return fileChoice(areDocumentsSaid ? said("mapping", file) : mappingFile(file), flags.entity);
  }
  if (given.length === 1) return flagsChoice(flags, sources, sampler, isRelational);
  return (
    storedChoice(sources, stored, flags.entity) ??
    storedQuadsChoice(sources, stored) ??
    inferredChoice(sources, sampler, flags.entity, isRelational)
  );
}

function presetChoice(name: string, entity: string | null, command: string): Choice {
  const mapping = presetMapping(name, command);
  return {
    mapping,
    origin: "preset",
    fileName: `preset ${name}`,
    notes: [],
    entityOf: namedEntity(entity, mapping),
  };
}

/** A text, and what it is called when something in it is wrong. */
interface Document {
  name: string;
  text: string;
}

function said(option: string, text: string): Document {
  return { name: `the parameter ${option}`, text };
}

function schemaFile(path: string): Document {
  try {
    return { name: path, text: readFileSync(path, "utf8") };
  } catch (cause) {
    throw new PlimsollError("SCHEMA_UNREADABLE", { file: path, reason: reasonOf(cause) }, { cause });
  }
}

function schemaChoice({ name, text }: Document, entity: string | null): Choice {
  const { predicates, notes } = schemaPredicates(parseSchema(text, name), name);
  const mapping = rdfMappingWith(predicates);
  return {
    mapping,
    origin: "schema",
    fileName: name,
    notes,
    entityOf: namedEntity(entity, mapping) ?? (() => rdfEntity),
  };
}

function fileChoice(document: Document, entity: string | null): Choice {
  const mapping = readMapping(document);
  const entityOf = namedEntity(entity, mapping);
  return { mapping, origin: "file", fileName: document.name, notes: [], entityOf };
}

async function flagsChoice(
  flags: MappingFlags,
  sources: readonly Source[],
  sampler: Sampler,
  isRelational: boolean,
): Promise<Choice> {
  const { records, isText, columns } = await sampler.sample(sources[0]!);
  const entityName = flags.entity ?? entityNameOf(sources[0]!.name);
  const mapping = flagsMapping(flags, { entityName, records, isText, columns, isRelational });
  if (isRelational && isOneTable(sources)) mapping.entities[entityName]!.rest = false;
  return { mapping, origin: "flags", fileName: "command line", notes: [], entityOf: () => entityName };
}

/** A store that knows every source's entity needs no guess: what is there decides. */
function storedChoice(
  sources: readonly Source[],
  stored: CompiledMapping | null,
  entity: string | null,
): Choice | null {
  if (stored === null) return null;
  const names = new Map<string, string>();
  for (const { name, entityTold = null } of sources) {
    const own = stored.entities.find((candidate) => {
      if (isAwaited(candidate)) return false;
      if (entity !== null) return candidate.name === entity;
      if (candidate.match !== null && globMatches(candidate.match, name)) return true;
      return candidate.name === (entityTold ?? entityNameOf(name));
    });
    if (own === undefined) return null;
    names.set(name, own.name);
  }
  const mapping = decompileMapping(stored);
  return {
    mapping,
    origin: "store",
    fileName: "the store's mapping",
    notes: [],
    entityOf: ({ name }) => names.get(name)!,
  };
}

/** Quads go where the store keeps its quads, by whatever schema it was made with. */
function storedQuadsChoice(sources: readonly Source[], stored: CompiledMapping | null): Choice | null {
  if (!sources.every(({ format }) => isQuadFormat(format))) return null;
  const isStored = stored?.entities.some(({ name, quads }) => name === rdfEntity && quads !== undefined);
  if (stored === null || isStored !== true) return null;
  const mapping = decompileMapping(stored);
  return {
    mapping,
    origin: "store",
    fileName: "the store's mapping",
    notes: [],
    entityOf: () => rdfEntity,
  };
}

async function inferredChoice(
  sources: readonly Source[],
  sampler: Sampler,
  entity: string | null,
  isRelational: boolean,
): Promise<Choice> {
  const inferred = await inferSources(sources, sampler, entity, isRelational);
  if (inferred.preset !== null) {
    const notes = [`The records are ${presetRecords[inferred.preset]}: preset ${inferred.preset} is used.`];
    return { ...presetChoice(inferred.preset, null, "import"), origin: "inferred", notes };
  }
  const { mapping, notes, entities } = inferred;
  const entityOf = ({ name }: SourceIdentity) => entities.get(name)!;
  return { mapping, origin: "inferred", fileName: "the inferred mapping", notes, entityOf };
}

/** --entity beside a preset or a file chooses one of its entities for all the sources. */
function namedEntity(entity: string | null, mapping: Mapping): Choice["entityOf"] {
  if (entity === null) return null;
  const names = Object.keys(mapping.entities);
  if (!names.includes(entity)) {
    throw mappingFault(
      "--entity",
      `"${entity}"`,
      `must be an entity of the mapping${suggestionText(entity, names)}`,
    );
  }
  return () => entity;
}

function mappingFile(path: string): Document {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new PlimsollError("MAPPING_UNREADABLE", { file: path, reason: reasonOf(cause) }, { cause });
  }
  if (bytes.length > mappingBytesMax)
    throw mappingFault(path, "the file", `must be at most ${mappingBytesMax} bytes`);
  return { name: path, text: bytes.toString("utf8") };
}

function readMapping({ name, text }: Document): Mapping {
  const mapping = parseMapping(text, name);
  if (mapping.preset !== undefined) assertIsPreset(mapping, name);
  return mapping;
}

/**
 * A file that names a preset must be that preset: its entities have rules that other fields would not meet.
 */
function assertIsPreset(mapping: Mapping, path: string): void {
  try {
    const preset = compileMapping(presetMapping(mapping.preset!, "import"));
    const wanted = compileMapping(mapping, path);
    mergeMappings(preset, wanted, `preset ${mapping.preset}`);
  } catch (error) {
    if (!isPlimsollError(error) || error.code === "MAPPING_INVALID") throw error;
    throw mappingFault(
      path,
      "preset",
      `must be left out, or its entities left as they are: ${error.message}`,
    );
  }
}

function mappingFlags(values: OptionValues): MappingFlags {
  return {
    entity: values.text("entity"),
    key: values.list("key"),
    index: values.list("index"),
    range: values.list("range"),
    text: values.list("text"),
    stems: values.list("stems"),
    trigram: values.list("trigram"),
    place: values.list("place"),
    link: values.list("link"),
  };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = { ENOENT: "there is no such file", EACCES: "permission denied" };
  return reasons[code ?? ""] ?? (error instanceof Error ? error.message : String(error));
}
