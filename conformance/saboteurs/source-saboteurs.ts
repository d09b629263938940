import type { Frame, Source, SourceOpenOptions, SourceRead, SourceSession } from "../../src/ports/index.js";
import type { MadeSource, SourceSubject } from "../source.js";

/** A broken source, and the clause that has to catch it. */
export interface SourceSaboteur {
  name: string;
  clause: string;
  spoil(source: Source): Source;
}

type Read = SourceSession["read"];

interface Change {
  opened?(session: SourceSession): void;
  open?(options: SourceOpenOptions): SourceOpenOptions;
  read?(options: SourceOpenOptions, read: Read): Read;
  close?(close: () => Promise<void>): Promise<void>;
}

/** A source that differs from another one in the way it is told. */
function changed(source: Source, change: Change): Source {
  return {
    name: source.name,
    format: source.format,
    compression: source.compression,
    sessionBytesMax: source.sessionBytesMax,
    fingerprint: () => source.fingerprint(),
    open: async (options) => {
      const session = await source.open(change.open?.(options) ?? options);
      change.opened?.(session);
      const read: Read = (buffer, grow, recordsMax) => session.read(buffer, grow, recordsMax);
      const close = async () => session[Symbol.asyncDispose]();
      return {
        read: change.read?.(options, read) ?? read,
        get bytesRead() {
          return session.bytesRead;
        },
        get waitedSeconds() {
          return session.waitedSeconds;
        },
        get records() {
          return session.records;
        },
        [Symbol.asyncDispose]: () => change.close?.(close) ?? close(),
      };
    },
  };
}

/** Changes every frame that is handed out. */
function withFrames(source: Source, edit: (frame: Frame, read: SourceRead) => Partial<Frame>): Source {
  return changed(source, {
    read: (_options, read) => async (buffer, grow, recordsMax) => {
      const got = await read(buffer, grow, recordsMax);
      return got === null ? null : { buffer: got.buffer, frame: { ...got.frame, ...edit(got.frame, got) } };
    },
  });
}

const newline = 0x0a;

export const sourceSaboteurs: SourceSaboteur[] = [
  {
    name: "loses the last record when no line break ends it",
    clause: "S1",
    spoil: (source) =>
      withFrames(source, (frame, { buffer }) => {
        if (buffer[frame.length - 1] === newline) return {};
        const length = buffer.subarray(0, frame.length).lastIndexOf(newline) + 1;
        return { length, records: frame.records - 1 };
      }),
  },
  {
    name: "doubles a record on resume",
    clause: "S2",
    spoil: (source) =>
      changed(source, {
        read: ({ cursor }, read) => {
          let held: SourceRead | null = null;
          let isFirst = cursor !== null;
          return async (buffer, grow, recordsMax) => {
            const got = held ?? (await read(buffer, grow, recordsMax));
            held = isFirst ? got : null;
            isFirst = false;
            return got;
          };
        },
      }),
  },
  {
    name: "ignores abort",
    clause: "S7",
    spoil: (source) =>
      changed(source, { open: (options) => ({ ...options, signal: new AbortController().signal }) }),
  },
  {
    name: "tells the wrong line",
    clause: "S1-place",
    spoil: (source) =>
      withFrames(source, ({ place }) => ({
        place: { ...place, line: place.record === 4 ? place.line - 1 : place.line },
      })),
  },
  {
    name: "grows beyond recordBytesMax",
    clause: "S1-large",
    spoil: (source) =>
      changed(source, { open: (options) => ({ ...options, recordBytesMax: options.recordBytesMax * 16 }) }),
  },
  {
    name: "leaves its handle open",
    clause: "S7",
    spoil: (source) => changed(source, { close: async () => undefined }),
  },
  {
    name: "forgets the cursor's checksum",
    clause: "S3",
    spoil: (source) =>
      changed(source, {
        open: (options) => ({ ...options, cursor: null, skipRecords: options.cursor?.record ?? 0 }),
      }),
  },
];

/** A subject whose sources are all spoilt; disposing it closes the sessions that a saboteur left open. */
export function spoilt(subject: SourceSubject, saboteur: SourceSaboteur): SourceSubject & AsyncDisposable {
  const sessions: SourceSession[] = [];
  return {
    ...subject,
    name: `${subject.name}, which ${saboteur.name}`,
    make: async (records, options): Promise<MadeSource> => {
      const made = await subject.make(records, options);
      const source = changed(made.source, { opened: (session) => sessions.push(session) });
      return { ...made, source: saboteur.spoil(source) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions.splice(0)) await session[Symbol.asyncDispose]();
    },
  };
}
