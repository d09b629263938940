import { createHash, randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { CompiledEntity, CompiledMapping } from "../model/index.js";
import { isDialectFormat, isQuadFormat, type Source, type SourceFingerprint } from "../ports/index.js";
import type { ImportPlan } from "./import-plan.js";

const digestDigits = 32;
const streamMark = "stream ";

/**
 * What the document of each source is known by. A file is the same document for as long as its path, its size
 * and its first bytes are; a stream is a new one every time.
 */
export function documentsOf(sources: readonly SourceFingerprint[]): string[] {
  return sources.map(({ name, sizeBytes, headCrc }) =>
    sizeBytes === null ? `${streamMark}${randomUUID()}` : JSON.stringify([resolve(name), sizeBytes, headCrc]),
  );
}

/**
 * The mapping in which every entity of quads has a home, the first document that was ever imported into it,
 * and says whether its names are those of Dgraph's dialect.
 */
export function withHomes(
  mapping: CompiledMapping,
  plan: ImportPlan,
  documents: readonly string[],
): CompiledMapping {
  const entities = mapping.entities.map((entity) => {
    if (entity.quads === undefined) return entity;
    const isOwn = (source: Source) =>
      isQuadFormat(source.format) && plan.entityOf(source, mapping) === entity.name;
    const first = plan.sources.findIndex(isOwn);
    if (first === -1) return entity;
    const home = entity.quads.home ?? documents[first]!;
    const isDialect = plan.sources.some((source) => isOwn(source) && isDialectFormat(source.format));
    const hasNames = entity.quads.hasRelativeNames === true || isDialect;
    return { ...entity, quads: { home, ...(hasNames ? { hasRelativeNames: true as const } : {}) } };
  });
  return { ...mapping, entities };
}

/**
 * What the labels of blank nodes get behind them, for each source: a label means something within its
 * document only, so that those of two documents must not meet. Labels of an entity's home stay as they are.
 * Where nothing was ever sealed, a home that was a stream has left nothing: the stream at hand takes its
 * place.
 */
export function blankScopesOf(
  mapping: CompiledMapping,
  plan: ImportPlan,
  documents: readonly string[],
  isEmpty: boolean,
): string[] {
  return plan.sources.map((source, index) => {
    if (!isQuadFormat(source.format)) return "";
    const name = plan.entityOf(source, mapping);
    const home = mapping.entities.find((entity: CompiledEntity) => entity.name === name)?.quads?.home ?? null;
    const document = documents[index]!;
    const isSuccessor = isEmpty && isStream(document) && home !== null && isStream(home);
    if (home === null || home === document || isSuccessor) return "";
    return `.${createHash("sha256").update(document).digest("hex").slice(0, digestDigits)}`;
  });
}

function isStream(document: string): boolean {
  return document.startsWith(streamMark);
}
