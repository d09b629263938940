import { join } from "node:path";
import { deadTuplesMax, type Kernel } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import {
  type BlockStream,
  type KeyCounts,
  type KeyRule,
  keyBlockFilter,
  keyRulesOf,
  keySpan,
  mergeKeys,
  mergeTuples,
  RunReader,
  RunWriter,
  type RunWriterOptions,
  TupleBuffer,
} from "../postings/index.js";
import type { KeyFates, RunFile } from "./checkpoint.js";
import type { WorkerOutput } from "./worker-output.js";
import type { ListHashesRequest, MergeKeysRequest, MergeTuplesRequest } from "./worker-protocol.js";

export interface MergeContext {
  kernel: Kernel;
  mapping: CompiledMapping;
  runsDir: string;
  output: WorkerOutput;
  newRunName: (kind: RunFile["kind"]) => string;
  writerOptions: RunWriterOptions;
}

/** Pauses now and then: whoever carries it out looks after what was put out meanwhile. */
export type Work<T> = Generator<void, T>;

export interface Merged {
  entries: number;
  bytes: number;
  runs: RunFile[];
  fates: KeyFates | null;
}

/** Merges a part of the tuples into blocks for the target, or whole runs into one larger run. */
export function* mergeTupleRuns(context: MergeContext, request: MergeTuplesRequest): Work<Merged> {
  return yield* withRuns(context, request.inputs, function* (inputs) {
    const writer = request.into === null ? null : newWriter(context, request.into);
    let bytes = 0;
    const entries = yield* mergeTuples({
      kernel: context.kernel,
      inputs,
      ...(request.lower === null ? {} : { lower: BigInt(`0x${request.lower}`) }),
      ...(request.upper === null ? {} : { upper: BigInt(`0x${request.upper}`) }),
      output(block, first, count) {
        bytes += block.length;
        if (writer !== null) writer.write(block);
        else context.output.add({ kind: "tuple-block", ...first, count }, block);
      },
    });
    const runs = writer === null ? [] : [runFile(request.into!, "tuples", writer.finish())];
    return { entries, bytes, runs, fates: null };
  });
}

/**
 * Settles every key and sends the winners as blocks; or, into a run, only brings several runs into one order.
 */
export function* mergeKeyRuns(context: MergeContext, request: MergeKeysRequest): Work<Merged> {
  return yield* withRuns(context, request.inputs, function* (streams) {
    const { into } = request;
    const writer = into === null ? null : newWriter(context, into);
    const dead = new DeadRuns(context);
    const isPlain = into !== null;
    const rules = keyRulesOf(context.mapping);
    let entries = 0;
    let bytes = 0;
    let ordinal = 0;
    const counts = yield* mergeKeys({
      kernel: context.kernel,
      inputs: streams.map((stream, index) => ({ stream, emit: request.inputs[index]!.isEmitted })),
      rules: isPlain ? rules.map((): KeyRule => "all") : rules,
      firstNewId: request.firstNewId,
      output(block, first, count) {
        entries += count;
        bytes += block.length;
        if (writer !== null) writer.write(block);
        else {
          context.output.addTogether([
            { head: { kind: "key-block", hash: first.hash, ordinal, count }, bytes: block },
            { head: { kind: "key-filter" }, bytes: keyBlockFilter(block) },
          ]);
        }
        ordinal += 1;
      },
      dead: (tuples, count) => dead.add(tuples, count),
    });
    if (writer !== null)
      return { entries, bytes, runs: [runFile(into!, "keys", writer.finish())], fates: null };
    const fates = fatesOf(counts.slice(0, context.mapping.entities.length));
    return { entries, bytes, runs: dead.finish(), fates };
  });
}

/** Sends the hashes of all definitions and references, sorted, roles apart. */
export function* listHashes(context: MergeContext, request: ListHashesRequest): Work<void> {
  const inputs = request.inputs.map((name) => ({ name, offset: 0 }));
  yield* withRuns(context, inputs, function* (streams) {
    yield* mergeKeys({
      kernel: context.kernel,
      inputs: streams.map((stream) => ({ stream, emit: true })),
      rules: keyRulesOf(context.mapping).map((): KeyRule => "all"),
      firstNewId: 0,
      output: (block) => context.output.add({ kind: "hashes" }, hashesOf(block)),
      dead: () => {},
    });
  });
}

/** Dead records come out in the order of their keys; they are sorted by id in runs of their own. */
class DeadRuns {
  readonly #context: MergeContext;
  readonly #buffer: TupleBuffer;
  readonly #runs: RunFile[] = [];

  constructor(context: MergeContext) {
    this.#context = context;
    this.#buffer = new TupleBuffer(context.kernel, deadTuplesMax);
  }

  add(tuples: Uint8Array, count: number): void {
    if (this.#buffer.count + count > this.#buffer.capacity) this.#spill();
    this.#buffer.append(tuples, count);
  }

  finish(): RunFile[] {
    if (this.#buffer.count > 0) this.#spill();
    return this.#runs;
  }

  #spill(): void {
    const name = this.#context.newRunName("dead");
    const writer = newWriter(this.#context, name);
    this.#buffer.sort();
    this.#buffer.encode((block) => writer.write(block));
    this.#runs.push(runFile(name, "dead", writer.finish()));
    this.#buffer.clear();
  }
}

function* withRuns<T>(
  context: MergeContext,
  files: readonly { name: string; offset?: number }[],
  work: (streams: BlockStream[]) => Work<T>,
): Work<T> {
  const mark = context.kernel.mark();
  const readers: RunReader[] = [];
  try {
    for (const { name, offset } of files) {
      readers.push(new RunReader(join(context.runsDir, name), { startOffset: offset ?? 0 }));
    }
    return yield* work(readers);
  } finally {
    for (const reader of readers) reader.close();
    context.kernel.release(mark);
  }
}

function newWriter(context: MergeContext, name: string): RunWriter {
  return new RunWriter(join(context.runsDir, name), context.writerOptions);
}

export function runFile(name: string, kind: RunFile["kind"], bytes: number): RunFile {
  return { name, kind, bytes, isFormer: false, isJoinOnly: false };
}

function fatesOf(counts: readonly KeyCounts[]): KeyFates {
  const sum = (pick: (count: KeyCounts) => number) => counts.reduce((total, count) => total + pick(count), 0);
  return {
    replaced: sum((count) => count.replacing),
    superseded: sum((count) => count.superseded),
    duplicates: sum((count) => count.duplicates),
    deleted: sum((count) => count.deleted),
    conflicts: sum((count) => count.rejected),
    existingLost: sum((count) => count.replaced),
    lostByEntity: counts.map(
      (count) => count.duplicates + count.superseded + count.deleted + count.rejected + count.replaced,
    ),
    danglingNew: sum((count) => count.danglingNew),
    danglingResolved: sum((count) => count.resolved),
  };
}

/** Distinct hashes of a block's entries. */
function hashesOf(block: Uint8Array): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const hashes: bigint[] = [];
  for (let at = 24; at < block.length; ) {
    const hash = view.getBigUint64(at, true);
    if (hashes.at(-1) !== hash) hashes.push(hash);
    at = keySpan(block, at).entryEnd;
  }
  return new Uint8Array(BigUint64Array.from(hashes).buffer);
}
