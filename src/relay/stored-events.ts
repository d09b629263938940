import type { StoreReader } from "../ports/index.js";
import { nostrQuery, type QueryResult } from "../query/index.js";
import type { NostrFilter } from "./filter.js";

/** Where events stand: newest first, those of one second by rising id. */
interface Position {
  createdAt: number;
  id: string;
}

/** One filter on its way: what it may still bring. */
interface Course {
  filter: NostrFilter;
  /** Null without a limit. */
  left: number | null;
  /**
   * Of the events that it brought already, those of the last second, which it brings again when it is asked
   * anew.
   */
  lastSecond: number;
  inLastSecond: number;
}

interface Head {
  course: Course;
  bytes: Uint8Array;
  position: Position;
  results: Iterator<QueryResult>;
}

/**
 * Stored events that match filters, newest first and each once, in as many turns as it takes: a turn lets go
 * of the store, and the next one, which may see another state of it, goes on behind the last event.
 */
export class StoredEvents {
  readonly #courses: Course[];
  #last: Position | null = null;

  constructor(filters: readonly NostrFilter[]) {
    this.#courses = filters.map((filter) => ({
      filter,
      left: filter.limit ?? null,
      lastSecond: -1,
      inLastSecond: 0,
    }));
  }

  /** The bytes of the records, which hold until the next is asked for. */
  *turn(reader: StoreReader, signal: AbortSignal): Generator<Uint8Array> {
    const [only] = this.#courses;
    if (this.#courses.length === 1 && only!.left === null) yield* this.#plain(reader, only!, signal);
    else yield* this.#merged(reader, signal);
  }

  /** A turn was left behind this record: the next one goes on there. */
  leaveBehind(bytes: Uint8Array): void {
    this.#last = positionOf(bytes);
  }

  /**
   * One filter without a limit: nothing need be known of its events, once the first is behind the last one.
   */
  *#plain(reader: StoreReader, course: Course, signal: AbortSignal): Generator<Uint8Array> {
    let isBehindLast = this.#last === null;
    for (const { bytes } of this.#ask(reader, course, signal)) {
      isBehindLast ||= this.#isBehindLast(positionOf(bytes));
      if (isBehindLast) yield bytes;
    }
  }

  *#merged(reader: StoreReader, signal: AbortSignal): Generator<Uint8Array> {
    const heads: Head[] = [];
    const take = (course: Course, results: Iterator<QueryResult>) => {
      for (let next = results.next(); next.done !== true; next = results.next()) {
        const { bytes } = next.value;
        const position = positionOf(bytes);
        if (!this.#isBehindLast(position)) continue;
        heads.push({ course, position, results, bytes: Buffer.from(bytes) });
        return;
      }
    };
    for (const course of this.#courses) {
      if (course.left !== 0) take(course, this.#ask(reader, course, signal));
    }
    while (heads.length > 0) {
      const first = heads.reduce((best, head) => (isBefore(head.position, best.position) ? head : best));
      // The same event may be at the head of others. It counts before it leaves: nobody may come back for
      // more.
      const passed = heads.filter(({ position }) => position.id === first.position.id);
      for (const head of passed) count(head.course, head.position);
      yield first.bytes;
      for (const head of passed) {
        heads.splice(heads.indexOf(head), 1);
        if (head.course.left !== 0) take(head.course, head.results);
      }
    }
  }

  #ask(reader: StoreReader, course: Course, signal: AbortSignal): Generator<QueryResult> {
    const { filter, left } = course;
    const filterNow = { ...filter };
    if (this.#last !== null) {
      const { createdAt } = this.#last;
      filterNow.until = Math.min(filter.until ?? createdAt, createdAt);
      if (left !== null) filterNow.limit = left + (course.lastSecond === createdAt ? course.inLastSecond : 0);
    }
    return nostrQuery(reader, filterNow, { signal });
  }

  #isBehindLast(position: Position): boolean {
    return this.#last === null || isBefore(this.#last, position);
  }
}

function count(course: Course, { createdAt }: Position): void {
  if (course.left !== null) course.left--;
  course.inLastSecond = course.lastSecond === createdAt ? course.inLastSecond + 1 : 1;
  course.lastSecond = createdAt;
}

function isBefore(left: Position, right: Position): boolean {
  return left.createdAt === right.createdAt ? left.id < right.id : left.createdAt > right.createdAt;
}

function positionOf(bytes: Uint8Array): Position {
  const event = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")) as {
    created_at: number;
    id: string;
  };
  return { createdAt: event.created_at, id: event.id };
}
