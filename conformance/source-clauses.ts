import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { isPlimsollError, rejectRecordBytesMax } from "../src/kernel/index.js";
import type { SourceClause, SourceSubject, SuiteRecord } from "./source.js";
import { openSource, readAll, readFrame, readRecords, recordBytesMax } from "./source-reading.js";

/** Five records with what trips framers: quotes, line breaks, brackets, separators, other scripts. */
export const fiveRecords: SuiteRecord[] = [
  { id: "1", name: "plain", text: "one" },
  { id: "2", name: 'quotes "inside" and \\ backslash', text: "comma, semicolon; tab\tend" },
  { id: "3", name: "line\nbreak", text: 'brackets ]}[{ and ""' },
  { id: "4", name: "Zürich 東京 👍🏽", text: "" },
  { id: "5", name: "x".repeat(300), text: "last" },
];

export const sourceClauses: SourceClause[] = [
  { id: "S1", title: "records come in order, then the end; an empty input has none", check: checkOrder },
  {
    id: "S1-large",
    title: "a record larger than the buffer grows it, within recordBytesMax",
    check: checkLarge,
  },
  { id: "S1-place", title: "a frame is the bytes of its place, with its line", check: checkPlaces },
  { id: "S2", title: "reopened at any cursor, exactly the rest comes", check: checkCursors },
  { id: "S2-skip", title: "records that are skipped do not come", check: checkSkip },
  {
    id: "S3",
    title: "a cursor is small JSON; a damaged one and a changed input are told",
    check: checkCursorForm,
  },
  { id: "S4", title: "nothing is read far ahead of what is asked for", check: checkPull },
  { id: "S5", title: "the records do not depend on the sizes of buffers and pieces", check: checkChunks },
  { id: "S6", title: "what stands before the damage comes, then the condition", check: checkDamage },
  { id: "S7", title: "abort stops, close frees, both more than once", check: checkAbort },
  { id: "S8", title: "two readings are equal", check: checkRepeat },
];

async function checkOrder(subject: SourceSubject): Promise<void> {
  const { source } = await subject.make(fiveRecords);
  assert.deepEqual(await readRecords(source), fiveRecords);
  for (const count of [0, 1, 2]) {
    const some = await subject.make(fiveRecords.slice(0, count));
    assert.deepEqual(await readRecords(some.source), fiveRecords.slice(0, count));
  }
  const session = await openSource((await subject.make([])).source);
  assert.equal(await session.read(new Uint8Array(64), () => new Uint8Array(0)), null);
  assert.equal(
    await session.read(new Uint8Array(64), () => new Uint8Array(0)),
    null,
    "the end stays the end",
  );
  await session[Symbol.asyncDispose]();
}

async function checkLarge(subject: SourceSubject): Promise<void> {
  const large = { id: "6", name: "y".repeat(recordBytesMax / 2), text: "" };
  const tooLarge = { id: "7", name: "z".repeat(recordBytesMax * 3), text: "" };
  const records = [fiveRecords[0]!, large, tooLarge, fiveRecords[1]!];
  for (const bufferBytes of [512, recordBytesMax * 8]) {
    const { source } = await subject.make(records);
    const frames = await readAll(source, { bufferBytes });
    assert.deepEqual(
      frames.flatMap((frame) => frame.records.map(({ id }) => id)),
      ["1", "6", "2"],
    );
    const rejects = frames.flatMap(({ frame }) => frame.rejects);
    assert.deepEqual(
      rejects.map(({ code, place }) => [code, place.record]),
      [["RECORD_TOO_LARGE", 3]],
    );
    assert.ok(rejects[0]!.head.length > 0 && rejects[0]!.head.length <= rejectRecordBytesMax);
    assert.equal(rejects[0]!.place.source, source.name);
  }
}

async function checkPlaces(subject: SourceSubject): Promise<void> {
  const { source, content } = await subject.make(fiveRecords);
  const text = Buffer.from(content);
  let record = 1;
  for (const { frame, bytes } of await readAll(source, { recordsMax: 1 })) {
    const { offset, line } = frame.place;
    assert.ok(text.subarray(offset, offset + frame.length).equals(bytes), "the bytes stand elsewhere");
    assert.equal(line, text.subarray(0, offset).toString("latin1").split("\n").length, "the line is wrong");
    assert.equal(frame.place.record, record++);
    assert.ok(frame.cursorAfter.offset >= offset + frame.length);
  }
}

async function checkCursors(subject: SourceSubject): Promise<void> {
  const total = fiveRecords.length;
  const whole = await readAll((await subject.make(fiveRecords)).source, { recordsMax: 1 });
  for (let taken = 1; taken <= total; taken++) {
    const first = await subject.make(fiveRecords);
    const session = await openSource(first.source);
    let cursor = null;
    for (let count = 0; count < taken; count++) {
      cursor = (await readFrame(session, first.source, { recordsMax: 1 }))!.frame.cursorAfter;
    }
    await session[Symbol.asyncDispose]();
    const second = await subject.make(fiveRecords);
    const rest = await readAll(second.source, { cursor: JSON.parse(JSON.stringify(cursor)), recordsMax: 1 });
    assert.deepEqual(
      rest.flatMap(({ records }) => records),
      fiveRecords.slice(taken),
      `reopened after record ${taken}`,
    );
    assert.deepEqual(
      rest.map(({ frame }) => frame.place),
      whole.slice(taken).map(({ frame }) => frame.place),
    );
  }
}

async function checkSkip(subject: SourceSubject): Promise<void> {
  for (const skipRecords of [1, 3, 5, 9]) {
    const { source } = await subject.make(fiveRecords);
    const frames = await readAll(source, { skipRecords });
    assert.deepEqual(
      frames.flatMap(({ records }) => records),
      fiveRecords.slice(skipRecords),
    );
    if (frames.length > 0) assert.equal(frames[0]!.frame.place.record, skipRecords + 1);
  }
}

async function checkCursorForm(subject: SourceSubject): Promise<void> {
  const made = await subject.make(fiveRecords);
  const frames = await readAll(made.source, { recordsMax: 2 });
  const cursor = frames[1]!.frame.cursorAfter;
  assert.ok(JSON.stringify(cursor).length < 4096, "the cursor is not small");
  const reopen = async (records: readonly SuiteRecord[], changed = {}) => {
    const { source } = await subject.make(records);
    return readRecords(source, { cursor: { ...cursor, ...changed } });
  };
  await assertCode(() => reopen(fiveRecords, { offset: -1 }), ["CURSOR_INVALID"]);
  await assertCode(() => reopen(fiveRecords, { framer: 7 }), ["CURSOR_INVALID"]);
  const others = fiveRecords.map((record) => ({ ...record, text: "changed" }));
  await assertCode(() => reopen(others), ["SOURCE_CHANGED"]);
  await assertCode(() => reopen(fiveRecords.slice(0, 1)), ["SOURCE_CHANGED"]);
  await assertCode(() => reopen([]), ["SOURCE_CHANGED"]);
}

async function checkPull(subject: SourceSubject): Promise<void> {
  const records = Array.from({ length: 4000 }, (_, index) => ({
    id: String(index),
    text: noise(index, 1000),
  }));
  const { source } = await subject.make(records);
  const session = await openSource(source);
  try {
    const bufferBytes = 16 * 1024;
    await readFrame(session, source, { bufferBytes });
    // Pipes, child processes and read-ahead hold some on the way; a reader of everything would take it all.
    const readBytesMax = bufferBytes + 2.25 * 1024 * 1024;
    assert.ok(session.bytesRead <= readBytesMax, `one read took ${session.bytesRead} bytes`);
    assert.ok(session.bytesRead > 0, "bytesRead does not move");
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

async function checkChunks(subject: SourceSubject): Promise<void> {
  for (const pieceBytes of [1, 7, 100_000]) {
    for (const bufferBytes of [1, 333]) {
      const { source } = await subject.make(fiveRecords, { pieceBytes });
      const records = await readRecords(source, { bufferBytes });
      assert.deepEqual(records, fiveRecords, `pieces of ${pieceBytes}, buffers of ${bufferBytes} bytes`);
    }
  }
}

async function checkDamage(subject: SourceSubject): Promise<void> {
  const records = noisyRecords;
  const stored = await subject.storedBytes(records);
  const { source } = await subject.make(records, { keptBytes: Math.floor(stored * 0.6) });
  const session = await openSource(source);
  let count = 0;
  const readOn = async () => {
    for (;;) {
      const read = await readFrame(session, source, { bufferBytes: recordBytesMax });
      if (read === null) return;
      for (const record of read.records) assert.deepEqual(record, records[count++]);
    }
  };
  try {
    // A cut is seen where bytes are checked; plain text just ends, with half a record for the decoder.
    if (source.compression === "none") await assert.rejects(readOn(), isHalfRecord);
    else await assertCode(readOn, ["SOURCE_DAMAGED"]);
    // What compressors hold in one block comes whole or not at all.
    assert.ok(count > records.length * 0.45, `only ${count} of ${records.length} records came`);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

async function checkAbort(subject: SourceSubject): Promise<void> {
  const before = openHandles();
  const aborted = await subject.make(fiveRecords);
  await assert.rejects(openSource(aborted.source, { signal: AbortSignal.abort(new Error("stop")) }), /stop/);
  const controller = new AbortController();
  const { source } = await subject.make(fiveRecords);
  const session = await openSource(source, { signal: controller.signal });
  assert.ok(await readFrame(session, source, { recordsMax: 1 }));
  controller.abort(new Error("stop now"));
  await assert.rejects(readFrame(session, source), /stop now/, "a read after the abort went on");
  await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
  await session[Symbol.asyncDispose]();
  const closed = await subject.make(fiveRecords);
  const inFlight = await openSource(closed.source);
  const reading = readFrame(inFlight, closed.source).then(
    () => "settled",
    () => "settled",
  );
  await inFlight[Symbol.asyncDispose]();
  assert.equal(await reading, "settled");
  assert.ok(openHandles() <= before, "handles are left open");
}

async function checkRepeat(subject: SourceSubject): Promise<void> {
  const frames = async () => {
    const { source } = await subject.make(fiveRecords);
    return (await readAll(source, { bufferBytes: 600 })).map(({ frame, bytes }) => [frame, [...bytes]]);
  };
  assert.deepEqual(await frames(), await frames());
}

async function assertCode(body: () => Promise<unknown>, codes: readonly string[]): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(" or ")}: ${error.message}`);
    return;
  }
  assert.fail(`${codes.join(" or ")} was not thrown`);
}

function isHalfRecord(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof assert.AssertionError;
}

/** Records of about 1,000 bytes that hardly compress, so that stored bytes tell how far a reading went. */
const noisyRecords: SuiteRecord[] = Array.from({ length: 3000 }, (_, index) => ({
  id: String(index),
  text: noise(index, 970),
}));

/** Text without pattern, the same for the same seed. */
function noise(seed: number, length: number): string {
  let state = seed * 2654435761 + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += (state >>> 4).toString(36);
  }
  return text.slice(0, length);
}

/** Open file descriptors of this process; 0 where the system does not show them. */
function openHandles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
