import type { Transaction } from "lmdb";
import type { CompiledMapping } from "../../model/index.js";
import type { SealedState } from "../../ports/index.js";
import type { Environment } from "./environment.js";

/** The meta table: a handful of JSON texts under ASCII names. */
export const metaKeys = {
  mapping: Buffer.from("mapping"),
  sealed: Buffer.from("sealed"),
  checkpoint: Buffer.from("checkpoint"),
  replica: Buffer.from("replica"),
  finished: (importId: string) => Buffer.from(`finished:${importId}`),
} as const;

export const emptySealedState: SealedState = {
  segments: [],
  nextId: 0,
  liveRecords: [],
  deadRecords: 0,
  lastImport: null,
};

export function readMeta(environment: Environment, key: Buffer, transaction?: Transaction): string | null {
  const options = transaction ? { transaction } : {};
  return environment.tables.meta.get(key, options)?.toString("utf8") ?? null;
}

export function readMapping(environment: Environment, transaction?: Transaction): CompiledMapping | null {
  const text = readMeta(environment, metaKeys.mapping, transaction);
  return text === null ? null : (JSON.parse(text) as CompiledMapping);
}

export function readSealed(environment: Environment, transaction?: Transaction): SealedState {
  const text = readMeta(environment, metaKeys.sealed, transaction);
  return text === null ? emptySealedState : (JSON.parse(text) as SealedState);
}
