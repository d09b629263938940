import type { Duplex } from "node:stream";
import type pg from "pg";
import { assert } from "../../kernel/index.js";

/** Buffers that go out together; the next ones are asked for when the socket has taken these. */
export type TupleGroup = readonly Uint8Array[];

/** The signature, no flags and no extension: see COPY in PostgreSQL's manual. */
const copyHeader = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const copyTrailer = Buffer.from([0xff, 0xff]);

const lengthBytes = 4;
const dataMessage = 0x64;
const doneMessage = Buffer.from([0x63, 0, 0, 0, lengthBytes]);
const failMessage = Buffer.from([0x66, 0, 0, 0, lengthBytes + 1, 0]);

/**
 * One COPY as the driver takes queries. The tuples go out right behind the statement and without a copy of
 * their bytes: to wait until the server asks for them would leave it idle that long, and those that it
 * has no use for, because something failed, it passes over.
 */
export class CopyIn implements pg.Submittable {
  /** The number of rows, when the server is ready for the next statement. */
  readonly rows: Promise<number>;
  readonly #sql: string;
  readonly #groups: Iterator<TupleGroup>;
  #stream!: Duplex;
  #resolve!: (rows: number) => void;
  #reject!: (error: unknown) => void;
  #count = 0;
  /** Whether the socket still holds buffers of a group. */
  #isSending = false;
  #hasFailed = false;
  #error: unknown;

  constructor(sql: string, groups: Iterable<TupleGroup>) {
    this.#sql = sql;
    this.#groups = groups[Symbol.iterator]();
    this.rows = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    this.#stream = connection.stream;
    this.#stream.cork();
    connection.query(this.#sql);
    this.#send(copyHeader);
    this.#feed();
    this.#stream.uncork();
  }

  handleCopyInResponse(): void {}

  handleCommandComplete({ text }: { text: string }): void {
    const rows = /^COPY (\d+)/.exec(text)?.[1];
    if (rows !== undefined) this.#count = Number(rows);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#count);
  }

  /** Told on when the buffers are no longer in use: whoever lent them may write into them then. */
  handleError(error: unknown): void {
    this.#fail(error);
    if (!this.#isSending) this.#reject(this.#error);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#error = error;
  }

  #feed(): void {
    const group = this.#nextGroup();
    if (this.#hasFailed) {
      // The server's answer ends the query.
      this.#stream.write(failMessage);
      return;
    }
    if (group === null) {
      this.#send(copyTrailer);
      this.#stream.write(doneMessage);
      return;
    }
    this.#stream.cork();
    for (const bytes of group.slice(0, -1)) this.#send(bytes);
    this.#isSending = true;
    this.#send(group.at(-1)!, (error) => this.#afterGroup(error));
    this.#stream.uncork();
  }

  /** A socket that fails tells the driver, which tells this query. */
  #afterGroup(error?: Error | null): void {
    this.#isSending = false;
    if (this.#hasFailed) this.#reject(this.#error);
    else if (!error) this.#feed();
  }

  /** Null at the end, and when the making of it fails. */
  #nextGroup(): TupleGroup | null {
    try {
      const { value, done } = this.#groups.next();
      if (done === true) return null;
      assert(value.length > 0, "a group has something to send");
      return value;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #send(bytes: Uint8Array, onSent: (error?: Error | null) => void = () => {}): void {
    this.#stream.write(dataHead(bytes.byteLength));
    this.#stream.write(bytes, onSent);
  }
}

function dataHead(bytes: number): Buffer {
  const head = Buffer.allocUnsafe(1 + lengthBytes);
  head[0] = dataMessage;
  head.writeUInt32BE(lengthBytes + bytes, 1);
  return head;
}
