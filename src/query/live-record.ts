import { recordMemberReadsMax } from "../kernel/index.js";
import { parseExactJson, parseJsonLiterals } from "./exact-json.js";
import { JsonMembers } from "./json-members.js";

/** A record as it is stored, and as it reads. */
export class LiveRecord {
  readonly id: number;
  readonly entity: number;
  /** The stored JSON text. */
  readonly bytes: Uint8Array;
  #value: unknown;
  #literals: unknown;
  #members: JsonMembers | null | undefined;
  #membersRead = 0;
  #lastName: string | undefined;
  #lastMember: unknown;

  constructor(id: number, entity: number, bytes: Uint8Array) {
    this.id = id;
    this.entity = entity;
    this.bytes = bytes;
  }

  /** The parsed record; integers beyond a double's reach are BigInt. */
  get value(): unknown {
    this.#value ??= parseExactJson(this.#buffer.toString("utf8"));
    return this.#value;
  }

  /** The parsed record with every number and boolean as the text it was written in. */
  get literals(): unknown {
    this.#literals ??= parseJsonLiterals(this.#buffer.toString("utf8"));
    return this.#literals;
  }

  /** Whether the record is an object that is read a member at a time: `member` tells what `value` would. */
  get isReadByMember(): boolean {
    if (this.#value !== undefined || this.#membersRead >= recordMemberReadsMax) return false;
    if (this.#members === undefined) this.#members = JsonMembers.of(this.#buffer);
    return this.#members !== null;
  }

  /** The value of a member, undefined when there is none; what was asked for last is at hand. */
  member(name: string): unknown {
    if (name === this.#lastName) return this.#lastMember;
    this.#membersRead++;
    this.#lastName = name;
    this.#lastMember = this.#members!.value(name);
    return this.#lastMember;
  }

  /** Whether some ASCII may stand in a member. */
  memberMayHold(name: string, ascii: string): boolean {
    return this.#members!.mayHold(name, ascii);
  }

  /** Values of the pairs with this name in a member; null where only the parsed member tells. */
  memberPairs(member: string, name: string): string[] | null {
    this.#membersRead++;
    return this.#members!.pairs(member, name);
  }

  /** Whether a value of plain ASCII, without what JSON escapes, is among them. */
  memberHasPair(member: string, name: string, ascii: string): boolean | null {
    this.#membersRead++;
    return this.#members!.hasPair(member, name, ascii);
  }

  get #buffer(): Buffer {
    const { bytes } = this;
    if (bytes instanceof Buffer) return bytes;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
