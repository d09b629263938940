import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heldKeys } from "../../src/query/record-held-keys.js";
import { recordTuples, termsOf } from "../../src/query/record-tuples.js";
import { readableRecords, Verification } from "../../src/query/verification.js";
import { mainKernel, runVerification } from "../../src/query/verify.js";
import { readDead } from "../../src/query/verify-dead.js";
import type { VerifyKernel } from "../../src/query/verify-kernel.js";
import { RecordPass } from "../../src/query/verify-records.js";
import { ReferenceRuns } from "../../src/query/verify-references.js";
import { anyWorld } from "./world.js";

const mask = (1n << 64n) - 1n;

/** As in kernels/verify-state.ts, in big integers. */
function mix(first: bigint, second: bigint): bigint {
  let hash = ((first ^ 0x165667b19e3779f9n) * 0x9e3779b185ebca87n) & mask;
  hash = (((hash ^ (hash >> 32n)) + second) * 0xc2b2ae3d27d4eb4fn) & mask;
  hash = ((hash ^ (hash >> 29n)) * 0x165667b19e3779f9n) & mask;
  return hash ^ (hash >> 32n);
}

/** The cells of what all records call for, but for references, by code that shares nothing with the kernels. */
async function naiveCells(run: Verification, { layout }: VerifyKernel): Promise<bigint[]> {
  const words: bigint[] = new Array(layout.bytes / 8).fill(0n);
  const add = (row: number, id: number, sum: bigint) => {
    const at = (row * 2 ** layout.bucketsLog + Math.floor(id / 2 ** layout.bucketShift)) * 2;
    words[at]!++;
    words[at + 1] = (words[at + 1]! + sum) & mask;
  };
  for await (const { record, entity } of readableRecords(run, { start: 0, end: Number.POSITIVE_INFINITY })) {
    const id = BigInt(record.id);
    for (const { index, term, payload } of recordTuples(run.store, entity, record)) {
      add(index, record.id, mix(term, (id << 8n) | BigInt(payload)));
    }
    for (const field of entity.fields) {
      for (const index of field.indexes) {
        const [first] = index.hasColumn ? termsOf(run.store, field, index, record) : [];
        if (first !== undefined) add(layout.rows + index.number, record.id, mix(first, id));
      }
    }
    if (run.store.dead.has(record.id)) continue;
    for (const { keyspace, key, isReference } of heldKeys(run, entity, record)) {
      if (!isReference) add(0, record.id, mix(run.store.terms.keyHash(keyspace, key), id));
    }
  }
  return words;
}

/** Hash and id of every reference that live records call for. */
async function naiveReferences(run: Verification): Promise<string[]> {
  const found: string[] = [];
  for await (const { record, entity } of readableRecords(run, { start: 0, end: Number.POSITIVE_INFINITY })) {
    if (run.store.dead.has(record.id)) continue;
    for (const { keyspace, key, isReference } of heldKeys(run, entity, record)) {
      if (isReference) found.push(`${run.store.terms.keyHash(keyspace, key) | 1n} ${record.id}`);
    }
  }
  return found.sort();
}

function kernelReferences(main: VerifyKernel, references: ReferenceRuns): string[] {
  const { view } = main.kernel;
  const found: string[] = [];
  for (const { tuples, count } of references.pieces()) {
    for (let at = tuples; at < tuples + count * 16; at += 16) {
      const [w0, w1] = [view.getBigUint64(at, true), view.getBigUint64(at + 8, true)];
      found.push(`${((w0 << 16n) & mask) | (w1 >> 48n)} ${(w1 >> 8n) & 0xff_ffff_ffffn}`);
    }
  }
  return found.sort();
}

/** So little room that every way around is taken: larger kernels, spilled references, pages given back. */
const small = { rawBytes: 300, valuesMax: 60, tuplesMax: 9, keysMax: 2, keyBytes: 64, referencesMax: 3 };

describe("what records call for", () => {
  test.each([
    ["in usual room", {}],
    ["in hardly any room", small],
  ])(
    "the kernels and the twin agree, %s",
    async (_name, sizes) => {
      await fc.assert(
        fc.asyncProperty(anyWorld, async ({ reader }) => {
          const run = new Verification(reader, {});
          const main = mainKernel(run, sizes);
          using references = new ReferenceRuns(main, undefined);
          await readDead(run, main);
          await new RecordPass(run, main, references).readAll();
          expect(run.result.firstFaults).toEqual([]);
          expect([...main.words]).toEqual(await naiveCells(run, main));
          expect(kernelReferences(main, references)).toEqual(await naiveReferences(run));
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );

  test("a whole verification in hardly any room finds no fault, and counts the same", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async ({ reader }) => {
        const [usual, tight] = [{}, { mappedBytesMax: 1 }].map(
          (options) => new Verification(reader, options),
        );
        await runVerification(usual!, mainKernel(usual!));
        await runVerification(tight!, mainKernel(tight!, small));
        expect(usual!.result.firstFaults).toEqual([]);
        expect(tight!.result).toEqual(usual!.result);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
