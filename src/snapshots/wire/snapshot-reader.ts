import {
  PlimsollError,
  snapshotCarryKeepBytes,
  snapshotEntryBytesMax,
  snapshotMetaBytesMax,
} from "../../kernel/index.js";
import type { DatabaseStream, DbiHead, SnapshotEntry, SnapshotMeta } from "../snapshot-entry.js";
import { ByteWindow } from "./byte-window.js";
import { EntryOrder } from "./entry-order.js";
import { FieldStream } from "./field-stream.js";
import { entryTag, flagsSinceVersion, snapshotFields, wireTypes, writtenFormatVersion } from "./format.js";
import { emptyHead, isSameMeta, readHeadField } from "./head-codec.js";
import type { DatabaseSchema } from "./key-order.js";
import { passEntry } from "./large-entry.js";
import { emptyMeta, readMeta } from "./meta-codec.js";
import { WireFault } from "./wire-cursor.js";
import { WireEntry } from "./wire-entry.js";

const changed = "it is not what it was when it was looked over";

/** What a snapshot says of itself and of its databases, wherever in it that stands. */
export interface SnapshotOutline {
  formatVersion: number;
  compatVersion: number;
  meta: SnapshotMeta;
  databases: { head: DbiHead; entries: number }[];
  /** Of its largest entry: so much has to be held in one piece to read it. */
  entryBytesMax: number;
}

export interface SnapshotReaderOptions {
  /** Name of the object, for messages. */
  name: string;
  /** What a look over the same object gave. Without it heads have to stand before their entries. */
  outline?: SnapshotOutline;
  /** Decides how keys under REVERSEKEY are ordered; where it is not known, only repeated keys are found. */
  schema?: DatabaseSchema;
  /** Takes heads as they come, for the look over a snapshot that gives the outline. */
  isSurvey?: boolean;
}

/**
 * Reads the message of a snapshot in one pass. Entries are places in the chunks that come in; what is held is
 * one chunk, and one entry where it lies across the border of two.
 */
export class SnapshotReader implements DatabaseStream, AsyncDisposable {
  formatVersion = 0;
  compatVersion = 0;
  meta: SnapshotMeta = emptyMeta();
  /** Of the largest entry that was read. */
  entryBytesMax = 0;
  readonly name: string;
  readonly #options: SnapshotReaderOptions;
  readonly #window: ByteWindow;
  readonly #fields: FieldStream;
  readonly #entry = new WireEntry();
  readonly #order = new EntryOrder();
  #isOpen = false;
  #isAtDatabase = false;
  #databaseEnd = 0;
  #databaseCount = 0;
  #head: DbiHead = emptyHead();
  /** An entry that was read, and is to be given. */
  #isReady = false;

  constructor(message: AsyncIterable<Uint8Array>, options: SnapshotReaderOptions) {
    this.name = options.name;
    this.#options = options;
    this.#window = new ByteWindow(message, options.outline?.entryBytesMax);
    this.#fields = new FieldStream(this.#window, options.name);
  }

  /** Reads up to the first database. */
  async open(): Promise<this> {
    this.#isAtDatabase = await this.#toDatabase();
    this.#isOpen = true;
    const { outline } = this.#options;
    if (outline) {
      this.formatVersion = outline.formatVersion;
      this.compatVersion = outline.compatVersion;
      this.meta = outline.meta;
    }
    return this;
  }

  /**
   * Whether heads may stand behind their entries: programs that wrote fields by their numbers did that, and
   * had the version of compatibility, which is the first word of today's, at the end or not at all.
   */
  get mayHaveLateHeads(): boolean {
    return this.compatVersion === 0 && this.#isAtDatabase && !this.#options.outline;
  }

  /** Refuses a snapshot that does not say how it is to be read. */
  checkVersion(): this {
    if (this.formatVersion === 0) throw this.#fields.damaged("it says no version of its format", 0);
    return this;
  }

  async nextDbi(): Promise<DbiHead | null> {
    if (!this.#isAtDatabase) {
      await this.#leaveDatabase();
      if (!(await this.#toDatabase())) return null;
    }
    this.#isAtDatabase = false;
    this.#head = this.#outlinedHead();
    this.#databaseCount++;
    this.#order.begin();
    await this.#readHead();
    if (!this.#options.isSurvey) {
      if (this.#head.name === "") throw this.#fields.damaged("a database without a name");
      this.#takeOrder();
    }
    return this.#head;
  }

  async fill(): Promise<boolean> {
    this.#order.keepKey();
    while (!this.#isReady && this.#window.offset < this.#databaseEnd) {
      const offset = this.#window.offset;
      const tag = await this.#fields.tag(this.#databaseEnd);
      if (tag === entryTag) await this.#readEntry();
      else await this.#readLateHeadField(tag, offset);
    }
    return this.#isReady;
  }

  next(): SnapshotEntry | null {
    if (this.#isReady) {
      this.#isReady = false;
      return this.#entry;
    }
    const window = this.#window;
    if (window.at === window.end && !window.advance()) return null;
    const { bytes } = window;
    const end = Math.min(window.end, this.#databaseEnd - window.base);
    let at = window.at;
    if (end - at < 4 || bytes[at++] !== entryTag) return null;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const second = bytes[at++]!;
      // Longer entries are few: the other way is good enough for them.
      if (second >= 0x80) return null;
      length += (second - 1) << 7;
    }
    if (length > end - at) return null;
    window.at = at;
    this.#takeEntry(length);
    return this.#entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#window.close();
  }

  /** Reads fields of the snapshot itself up to the next database; false at the end of all. */
  async #toDatabase(): Promise<boolean> {
    while (!(await this.#fields.isAtEnd())) {
      const offset = this.#window.offset;
      const tag = await this.#fields.tag(Number.POSITIVE_INFINITY);
      if (tag >>> 3 === snapshotFields.database) {
        this.#fields.expect(tag, wireTypes.bytes);
        const length = await this.#fields.length(Number.MAX_SAFE_INTEGER);
        this.#databaseEnd = this.#window.offset + length;
        return true;
      }
      await this.#readField(tag, offset);
    }
    return false;
  }

  async #readField(tag: number, offset: number): Promise<void> {
    const field = tag >>> 3;
    if (field === snapshotFields.formatVersion) {
      this.#fields.expect(tag, wireTypes.varint);
      const version = await this.#readVersion();
      if (version !== this.formatVersion) this.#refuseLate("version", offset);
      this.formatVersion = version;
    } else if (field === snapshotFields.compatVersion) {
      this.#fields.expect(tag, wireTypes.varint);
      this.compatVersion = await this.#readVersion();
      this.#checkCompatVersion();
    } else if (field === snapshotFields.meta) {
      this.#fields.expect(tag, wireTypes.bytes);
      const meta = { ...this.meta };
      const read = (cursor: Parameters<typeof readMeta>[0]) => readMeta(cursor, meta);
      await this.#fields.message(Number.POSITIVE_INFINITY, snapshotMetaBytesMax, read);
      if (!isSameMeta(meta, this.meta)) this.#refuseLate("origin", offset);
      this.meta = meta;
    } else {
      await this.#fields.skipField(tag, Number.POSITIVE_INFINITY);
    }
  }

  /** Of a number that is too large for its field the low half counts, as protobuf has it. */
  async #readVersion(): Promise<number> {
    return Number(BigInt.asUintN(32, await this.#fields.varint64(Number.POSITIVE_INFINITY)));
  }

  #checkCompatVersion(): void {
    const { compatVersion } = this;
    if (compatVersion <= writtenFormatVersion) return;
    const details = { name: this.name, compatVersion, versionMax: writtenFormatVersion };
    throw new PlimsollError("SNAPSHOT_VERSION", details);
  }

  /** What was said already counted for entries that are gone: another word about it comes too late. */
  #refuseLate(field: string, offset: number): void {
    if (this.#isOpen && !this.#options.isSurvey) throw this.#fields.late(field, offset);
  }

  #outlinedHead(): DbiHead {
    const { outline } = this.#options;
    if (!outline) return emptyHead();
    const database = outline.databases[this.#databaseCount];
    if (!database) throw this.#fields.damaged(changed);
    return { ...database.head };
  }

  async #readHead(): Promise<void> {
    while (this.#window.offset < this.#databaseEnd) {
      const tag = await this.#fields.tag(this.#databaseEnd);
      if (tag === entryTag) return this.#readEntry();
      await readHeadField(this.#fields, tag, this.#databaseEnd, this.#saidHead());
    }
  }

  /** Where what a database says goes: what was found by a look over all of it is known better. */
  #saidHead(): DbiHead {
    return this.#options.outline ? emptyHead() : this.#head;
  }

  #takeOrder(): void {
    try {
      this.#order.take(this.#head, this.#options.schema);
    } catch (fault) {
      throw this.#fields.faultAt(fault);
    }
  }

  async #readLateHeadField(tag: number, offset: number): Promise<void> {
    const before = { ...this.#head };
    await readHeadField(this.#fields, tag, this.#databaseEnd, this.#saidHead());
    if (before.name !== this.#head.name) this.#refuseLate("name", offset);
    if (before.flags !== this.#head.flags) this.#refuseLate("flags", offset);
    if (before.transform !== this.#head.transform) this.#refuseLate("transform", offset);
  }

  async #leaveDatabase(): Promise<void> {
    this.#isReady = false;
    const left = this.#databaseEnd - this.#window.offset;
    if (left > 0 && !(await this.#window.skip(left))) throw this.#fields.damaged("it ends within a database");
  }

  async #readEntry(): Promise<void> {
    const length = await this.#fields.length(this.#databaseEnd);
    if (length > snapshotEntryBytesMax) throw this.#fields.tooLarge(length, snapshotEntryBytesMax);
    const { outline, isSurvey } = this.#options;
    if (length > (outline?.entryBytesMax ?? length)) throw this.#fields.damaged(changed);
    if (isSurvey && length > snapshotCarryKeepBytes) await this.#passLargeEntry(length);
    else {
      if (!(await this.#window.need(length))) throw this.#fields.damaged("it ends within an entry");
      this.#takeEntry(length);
    }
    this.#isReady = true;
  }

  /** A look over a snapshot needs the key of an entry, and holds nothing else of a large one. */
  async #passLargeEntry(length: number): Promise<void> {
    const start = this.#window.offset;
    try {
      this.#entry.setKey(await passEntry(this.#fields, length));
      this.#order.check(this.#entry);
    } catch (fault) {
      throw fault instanceof WireFault ? this.#fields.damaged(fault.message, start) : fault;
    }
    this.entryBytesMax = Math.max(this.entryBytesMax, length);
  }

  #takeEntry(length: number): void {
    const window = this.#window;
    const start = window.at;
    try {
      const emptyIsDeleted = this.formatVersion < flagsSinceVersion;
      this.#entry.read(window.bytes, start, start + length, emptyIsDeleted);
      this.#order.check(this.#entry);
    } catch (fault) {
      throw this.#fields.faultAt(fault);
    }
    window.at = start + length;
    if (length > this.entryBytesMax) this.entryBytesMax = length;
  }
}
