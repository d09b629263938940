import { assert, type Kernel, stemWordsKept } from "../kernel/index.js";
import type { CompiledEntity, CompiledMapping, RecordCheck } from "../model/index.js";
import { isQuadFormat } from "../ports/index.js";
import { createQuadCheck, recordCheckOf } from "../presets/index.js";
import {
  compileRowProgram,
  entityTables,
  kernelMapping,
  type PageGroup,
  RowWriter,
  rowBytesFixed,
} from "../tables/index.js";
import { RecordLoader, type RowTable } from "./record-loader.js";
import { RunBuffers } from "./run-buffers.js";
import type { RunSpiller } from "./run-spiller.js";
import type { Work } from "./worker-merge.js";
import type { WorkerOutput } from "./worker-output.js";
import type { LoadedReply, LoadRequest, WorkerSetup } from "./worker-protocol.js";

/** Run buffers of which more than this has been touched are not worth an early spill. */
const touchedFractionMax = 0.75;

/** Decodes frames into the two run buffers and into record blocks, and spills what is full. */
export class DecodeStage {
  readonly #setup: WorkerSetup;
  readonly #spiller: RunSpiller;
  readonly #buffers: RunBuffers;
  readonly #loader: RecordLoader;
  readonly #mapping: CompiledMapping;
  readonly #check: RecordCheck | null;
  /** For relational targets: what is written goes to the output of the request at work. */
  readonly #rows: RowWriter | null;
  /** By entity, the tables whose rows the kernel writes itself. */
  readonly #rowTables: ReadonlyMap<number, RowTable>;
  #output: WorkerOutput | null = null;
  readonly #quadCheck = createQuadCheck();
  /** The most that the run buffers have held: above it their memory was never touched. */
  #touchedBytes = 0;
  #limitBytes: number;

  constructor(setup: WorkerSetup, kernel: Kernel, spiller: RunSpiller) {
    this.#setup = setup;
    this.#spiller = spiller;
    const { inputBytes, outputBytes, recordBytesMax } = setup.layout;
    const { mapping } = setup;
    const plan = setup.tables?.plan ?? null;
    this.#mapping = plan === null ? mapping : kernelMapping(mapping, plan, setup.isDeleting);
    this.#rows =
      plan === null
        ? null
        : new RowWriter(mapping, plan, {
            isDeleting: setup.isDeleting,
            emit: (group) => this.#addRows(group),
          });
    this.#rowTables = rowTablesOf(this.#mapping, setup);
    const hasStems = this.#mapping.entities.some(({ fields }) =>
      fields.some(({ indexes }) => indexes.some(({ kind }) => kind === "stems")),
    );
    const stems = hasStems ? { stemWords: stemWordsKept } : {};
    const { ROW_BYTES_FIXED, ROW_COLUMN_BYTES } = kernel.exports;
    const bytesFixed = { row: ROW_BYTES_FIXED.value, column: ROW_COLUMN_BYTES.value };
    const rows = plan === null ? {} : { rowBytesFixed: rowBytesFixed(plan, bytesFixed) };
    const sizes = { inputBytes, outputBytes, recordBytesMax, ...stems, ...rows };
    const room = kernel.freeBytes - RecordLoader.bytesNeeded(kernel, sizes);
    this.#buffers = new RunBuffers(kernel, room, this.#mapping);
    const { tuples, keys } = this.#buffers;
    this.#loader = new RecordLoader({ kernel, tuples, keys, ...sizes });
    this.#limitBytes = this.#buffers.capacityBytes;
    this.#check = this.#makeCheck();
  }

  /** What is known of the preset is checked first: rows are written of records that are right. */
  #makeCheck(): RecordCheck | null {
    const { isRecordChecked, isSignatureChecked } = this.#setup;
    const isChecked = isRecordChecked || isSignatureChecked;
    const preset = isChecked ? recordCheckOf(this.#mapping, isSignatureChecked) : null;
    const rows = this.#rows;
    if (rows === null) return preset;
    return preset === null ? (view) => rows.write(view) : (view) => preset(view) ?? rows.write(view);
  }

  #addRows(group: PageGroup): void {
    assert(this.#output !== null, "rows are written while a frame is loaded");
    this.#output.addTogether(group.map(({ head, bytes }) => ({ head: { kind: "rows", page: head }, bytes })));
  }

  *load(request: LoadRequest, output: WorkerOutput): Work<LoadedReply> {
    const entity = this.#mapping.entities[request.entity];
    assert(entity !== undefined, "a frame's entity is in the mapping");
    const table = this.#rowTables.get(entity.number);
    const check = table === undefined ? this.#checkOf(entity, request) : null;
    const isRows = this.#rows !== null;
    this.#output = output;
    const { records, deletions } = yield* this.#loader.loading(
      {
        entity,
        format: request.format,
        header: request.header,
        blankScope: request.blankScope,
        isDeleting: this.#setup.isDeleting && !isRows,
        // Targets without keys of ours see to deletions themselves.
        keepsDeletions: !this.#setup.isIndexed,
        hasNoBlocks: isRows,
        ...(table === undefined ? {} : { table }),
        bytes: new Uint8Array(request.input, 0, request.length),
        firstId: request.firstId,
      },
      {
        block: (firstId, _count, block) => output.add({ kind: "block", firstId }, block),
        rows: (page, bytes) => output.add({ kind: "rows", page }, bytes),
        column: (index, firstId, chunk) => output.add({ kind: "column", index, firstId }, chunk),
        reject: (reject) => output.addReject(reject),
        spill: () => this.#spillFull(),
        ...(check === null ? {} : { check }),
      },
    );
    this.#rows?.flush();
    this.#output = null;
    this.#noteTouched();
    if (this.#buffers.bytes >= this.#limitBytes) this.spillAll();
    return {
      kind: "loaded",
      ordinal: request.ordinal,
      input: request.input,
      records,
      deletions,
      ...output.take(),
    };
  }

  /** Quads that come as JSON are held to their form whatever else is checked. */
  #checkOf(entity: CompiledEntity, { format }: LoadRequest): RecordCheck | null {
    if (entity.quads === undefined) return this.#check;
    return isQuadFormat(format) ? null : this.#quadCheck;
  }

  /**
   * Lowers the level at which the buffers are spilled to what they have held so far; records are cut off by
   * it no more than by a checkpoint, since it is looked at between frames. Where nearly all was touched there
   * is nothing to win.
   */
  limitRuns(isLimited: boolean): { limitBytes: number; capacityBytes: number } {
    const { capacityBytes } = this.#buffers;
    this.#noteTouched();
    const isWorthIt = isLimited && this.#touchedBytes < capacityBytes * touchedFractionMax;
    if (isWorthIt) this.spillAll();
    this.#limitBytes = isWorthIt ? this.#touchedBytes : capacityBytes;
    return { limitBytes: this.#limitBytes, capacityBytes };
  }

  #noteTouched(): void {
    this.#touchedBytes = Math.max(this.#touchedBytes, this.#buffers.bytes);
  }

  /**
   * Divided anew, the buffers come to lie where nothing lay before: all of the room counts as touched then.
   */
  #spillFull(): void {
    const split = this.#buffers.nextSplit();
    if (this.#buffers.bytes > 0) this.#spiller.noteFull();
    this.spillAll();
    this.#buffers.divide(split);
    this.#touchedBytes = this.#buffers.capacityBytes;
  }

  spillAll(): void {
    this.#noteTouched();
    this.#spiller.spillAll(this.#buffers);
  }
}

/** The kernel knows no preset's rules: records that are held to them are put into rows behind those. */
function rowTablesOf(mapping: CompiledMapping, setup: WorkerSetup): ReadonlyMap<number, RowTable> {
  const { tables, isDeleting, isRecordChecked, isSignatureChecked } = setup;
  if (tables === null) return new Map();
  const { plan, form } = tables;
  const isChecked = isRecordChecked || isSignatureChecked;
  if (isChecked && recordCheckOf(mapping, isSignatureChecked) !== null) return new Map();
  return new Map(
    entityTables(plan).flatMap((table) => {
      const entity = mapping.entities[table.entity]!;
      const program = compileRowProgram(entity, plan, form, isDeleting);
      return program === null ? [] : [[entity.number, { table, program }] as const];
    }),
  );
}
