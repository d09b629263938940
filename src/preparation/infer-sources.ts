import { basename, dirname, resolve } from "node:path";
import { entityNameOf, type InferenceSample, inferMapping, type Mapping } from "../mapping/index.js";
import { isQuadFormat, type Source } from "../ports/index.js";
import { comicsMapping, rdfEntity, rdfMapping, stackExchangeMapping } from "../presets/index.js";
import { type SourceSample, sampleSource } from "./sample-source.js";

export type InferredPreset = "comics" | "nostr" | "rdf" | "stackexchange";

/** What records of a preset are called. */
export const presetRecords: Readonly<Record<InferredPreset, string>> = {
  comics: "comics",
  nostr: "nostr events",
  rdf: "quads",
  stackexchange: "tables of Stack Exchange",
};

export interface SourceInference {
  mapping: Mapping;
  preset: InferredPreset | null;
  notes: string[];
  /** Name of the entity that each source holds, by the source's name. */
  entities: Map<string, string>;
}

interface SourceGroup {
  entityName: string;
  sources: Source[];
  /** Set when the group is told by its folder. */
  match: string | null;
}

/**
 * Files of one folder whose records share this part of their member names are taken to hold the same entity.
 */
const sameShapeShare = 0.6;

/** Reads samples once; what a stream's sample is read from is a copy of its first part. */
export class Sampler {
  readonly #samples = new Map<string, Promise<SourceSample>>();
  readonly #samplable: (source: Source) => Promise<Source>;
  readonly #signal: AbortSignal;
  /** Called when a sample is about to be read: what was asked for has been found right by then. */
  onSampling: () => void = () => {};

  constructor(signal: AbortSignal, samplable: (source: Source) => Promise<Source>) {
    this.#signal = signal;
    this.#samplable = samplable;
  }

  sample(source: Source): Promise<SourceSample> {
    let sample = this.#samples.get(source.name);
    if (sample === undefined) {
      this.onSampling();
      sample = this.#samplable(source).then((copy) => sampleSource(copy, this.#signal));
      this.#samples.set(source.name, sample);
    }
    return sample;
  }

  /** A source that may be read for a sample without taking anything from the source itself. */
  copyOf(source: Source): Promise<Source> {
    return this.#samplable(source);
  }

  /** Lets the samples go: an import has better use for their memory. */
  forget(): void {
    this.#samples.clear();
  }
}

/** A mapping for all the sources: one entity for each group of files that look alike. */
export async function inferSources(
  sources: readonly Source[],
  sampler: Sampler,
  entityName: string | null,
  isRelational = false,
): Promise<SourceInference> {
  if (sources.every(({ format }) => isQuadFormat(format))) return quadInference(sources);
  if (entityName === null && sources.every(isDumpTable)) return dumpInference(sources);
  if (sources.every(({ format }) => format === "comics")) return libraryInference(sources);
  const groups =
    entityName === null
      ? await groupSources(sources, sampler)
      : [{ entityName, sources: [...sources], match: null }];
  const mapping: Mapping = { version: 1, entities: {} };
  const notes: string[] = [];
  const entities = new Map<string, string>();
  let isNostr = true;
  for (const group of groups) {
    const inferred = inferMapping({ ...(await groupSample(group, sampler)), isRelational });
    const entity = inferred.mapping.entities[group.entityName]!;
    if (isRelational && isOneTable(group.sources)) entity.rest = false;
    mapping.entities[group.entityName] = group.match === null ? entity : { match: group.match, ...entity };
    notes.push(...inferred.notes);
    isNostr &&= inferred.preset === "nostr" && !isRelational;
    for (const source of group.sources) entities.set(source.name, group.entityName);
  }
  return { mapping, preset: isNostr ? "nostr" : null, notes, entities };
}

/** What quads hold is known; nothing is to be sampled. */
function quadInference(sources: readonly Source[]): SourceInference {
  const entities = new Map(sources.map(({ name }) => [name, rdfEntity]));
  return { mapping: rdfMapping(), preset: "rdf", notes: [], entities };
}

/** A library hands out records of all entities of its preset. */
function libraryInference(sources: readonly Source[]): SourceInference {
  const entities = new Map(sources.map(({ name }) => [name, "Comic"]));
  return { mapping: comicsMapping(), preset: "comics", notes: [], entities };
}

function isDumpTable({ format, entityTold }: Source): boolean {
  return format === "stackexchange" && typeof entityTold === "string";
}

/** Tables of a dump say themselves what they hold. */
function dumpInference(sources: readonly Source[]): SourceInference {
  const entities = new Map(sources.map(({ name, entityTold }) => [name, entityTold!]));
  return { mapping: stackExchangeMapping(), preset: "stackexchange", notes: [], entities };
}

/** Whether a header says what members all the records have. */
export function isOneTable(sources: readonly Source[]): boolean {
  return sources.length === 1 && (sources[0]!.format === "csv" || sources[0]!.format === "tsv");
}

/** The first, the middle and the last file stand for all of a group. */
async function groupSample(group: SourceGroup, sampler: Sampler): Promise<InferenceSample> {
  const samples = await Promise.all(representatives(group.sources).map((source) => sampler.sample(source)));
  const records = samples.flatMap((sample) => sample.records);
  const columns = [...new Set(samples.flatMap((sample) => sample.columns))];
  return { entityName: group.entityName, records, isText: samples.every((sample) => sample.isText), columns };
}

async function groupSources(sources: readonly Source[], sampler: Sampler): Promise<SourceGroup[]> {
  const folders = new Map<string, Source[]>();
  for (const source of sources) {
    const key = `${dirname(source.name)}\n${source.format}`;
    folders.set(key, [...(folders.get(key) ?? []), source]);
  }
  const groups = new Map<string, SourceGroup>();
  const add = (entityName: string, source: Source, match: string | null) => {
    const group = groups.get(entityName) ?? { entityName, sources: [], match };
    group.sources.push(source);
    groups.set(entityName, group);
  };
  for (const files of folders.values()) {
    const names = new Set(files.map((source) => entityNameOf(source.name)));
    const isOne = names.size > 1 && (await isSameShape(files, sampler));
    const folder = basename(resolve(dirname(files[0]!.name)));
    for (const source of files) {
      if (isOne) add(entityNameOf(folder), source, `${folder}/*`);
      else add(entityNameOf(source.name), source, null);
    }
  }
  return [...groups.values()];
}

async function isSameShape(files: readonly Source[], sampler: Sampler): Promise<boolean> {
  const samples = await Promise.all(representatives(files).map((source) => sampler.sample(source)));
  const shapes = samples.map(({ records }) => new Set(records.flatMap((record) => Object.keys(record))));
  const first = shapes[0]!;
  return shapes.every((shape) => {
    const shared = [...shape].filter((name) => first.has(name)).length;
    return shared >= sameShapeShare * new Set([...shape, ...first]).size;
  });
}

function representatives(sources: readonly Source[]): Source[] {
  const chosen = [0, Math.floor(sources.length / 2), sources.length - 1];
  return [...new Set(chosen)].map((index) => sources[index]!);
}
