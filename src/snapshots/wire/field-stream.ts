import { PlimsollError } from "../../kernel/index.js";
import type { ByteWindow } from "./byte-window.js";
import { wireTypes } from "./format.js";
import { checkTag, WireCursor, WireFault } from "./wire-cursor.js";

/**
 * Fields of messages that do not lie in memory whole. Places are bytes of the stream; `limit` is where the
 * message ends that a field is part of.
 */
export class FieldStream {
  readonly window: ByteWindow;
  readonly #name: string;
  readonly #cursor = new WireCursor();

  constructor(window: ByteWindow, name: string) {
    this.window = window;
    this.#name = name;
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.window.need(1));
  }

  async tag(limit: number): Promise<number> {
    const offset = this.window.offset;
    const tag = Number(await this.varint64(limit));
    try {
      checkTag(tag, 0);
    } catch (fault) {
      throw this.damaged((fault as WireFault).message, offset);
    }
    return tag;
  }

  async varint64(limit: number): Promise<bigint> {
    for (let count = 1; ; count++) {
      if (this.window.offset + count > limit) throw this.damaged("a number beyond what it is part of");
      if (!(await this.window.need(count))) throw this.damaged("it ends within a number");
      if (count === 10 || this.window.bytes[this.window.at + count - 1]! < 0x80) break;
    }
    return this.parse(this.window.end - this.window.at, (cursor) => cursor.varint64());
  }

  /** The length of a field; all of it has to lie before the limit. */
  async length(limit: number): Promise<number> {
    const offset = this.window.offset;
    const length = Number(await this.varint64(limit));
    const isInside = length <= limit - this.window.offset && Number.isSafeInteger(length);
    if (!isInside) throw this.damaged("a length beyond what it is part of", offset);
    return length;
  }

  /** Reads a field that is small enough to be held. */
  async message<T>(limit: number, bytesMax: number, read: (cursor: WireCursor) => T): Promise<T> {
    const offset = this.window.offset;
    const length = await this.length(limit);
    if (length > bytesMax) throw this.damaged(`a field of ${length} bytes`, offset);
    if (!(await this.window.need(length))) throw this.damaged("it ends within a field");
    return this.parse(length, read);
  }

  async skipField(tag: number, limit: number): Promise<void> {
    const wireType = tag & 7;
    if (wireType === wireTypes.varint) {
      await this.varint64(limit);
      return;
    }
    const size = wireType === wireTypes.fixed64 ? 8 : wireType === wireTypes.fixed32 ? 4 : 0;
    const length = wireType === wireTypes.bytes ? await this.length(limit) : size;
    if (this.window.offset + length > limit) throw this.damaged("a field beyond what it is part of");
    if (!(await this.window.skip(length))) throw this.damaged("it ends within a field");
  }

  /** Reads from the bytes that are in the window, so many at most. */
  parse<T>(bytes: number, read: (cursor: WireCursor) => T): T {
    const { window } = this;
    const cursor = this.#cursor.over(window.bytes, window.at, window.at + bytes);
    try {
      const value = read(cursor);
      window.at = cursor.at;
      return value;
    } catch (fault) {
      throw this.faultAt(fault);
    }
  }

  expect(tag: number, wireType: number): void {
    if ((tag & 7) !== wireType) throw this.damaged(`field ${tag >>> 3} is of another type`);
  }

  /** A condition of what was met while bytes of the window were read; a bug stays one. */
  faultAt(fault: unknown): unknown {
    if (!(fault instanceof WireFault)) return fault;
    return this.damaged(fault.message, this.window.base + fault.at);
  }

  damaged(reason: string, offset = this.window.offset): PlimsollError {
    const details = { name: this.#name, offset, part: "what it unpacks to", reason };
    return new PlimsollError("SNAPSHOT_DAMAGED", details, { place: { source: this.#name, offset } });
  }

  late(field: string, offset: number): PlimsollError {
    const details = { name: this.#name, offset, field };
    return new PlimsollError("SNAPSHOT_FIELD_LATE", details, { place: { source: this.#name, offset } });
  }

  tooLarge(bytes: number, bytesMax: number): PlimsollError {
    const { offset } = this.window;
    const details = { name: this.#name, offset, bytes, bytesMax };
    return new PlimsollError("SNAPSHOT_ENTRY_TOO_LARGE", details, { place: { source: this.#name, offset } });
  }
}
