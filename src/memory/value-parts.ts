import { types } from "node:util";
import { sizeEstimateChildrenMax } from "../kernel/index.js";

/** What a value takes by itself, and the values in it that have to be measured in turn. */
export interface Parts {
  bytes: number;
  /** Parts that are objects: all of them, or as many as are looked at, spread evenly. */
  sample: object[];
  count: number;
}

// As V8 lays values out on 64 bits; held against the growth of a real heap by a test.
export const slotBytes = 8;
const objectBytes = 24;
const numberBytes = 16;
const textHeadBytes = 16;
const arrayBytes = 48;
const dateBytes = 96;
const viewBytes = 104;
const bufferBytes = 120;
const opaqueBytes = 64;
/** An element of a hash table: key, value and details, with the empty places between them. */
const tableSlotBytes = 64;
/**
 * An object that was built property by property turns into a hash table (24 bytes and more a property), one
 * that was parsed does not (8): that cannot be seen, so it counts as something between them.
 */
const fewPropertiesMax = 16;
const midPropertyBytes = 20;
/** With more properties every object is a hash table, and its names are likely its own. */
const fastPropertiesMax = 1020;

/**
 * V8 keeps one byte a character as long as all of them are Latin-1, two otherwise; single letters are shared.
 */
export function textBytes(text: string): number {
  const width = /[\u0100-\uffff]/.test(text) ? 2 : 1;
  return text.length < 2 ? 0 : Math.ceil((textHeadBytes + text.length * width) / slotBytes) * slotBytes;
}

/** A part counts at once unless it is an object; buffers seen before count only as views. */
export function partsOf(node: object, buffers: WeakSet<object>): Parts {
  if (Object.getPrototypeOf(node) === Object.prototype) {
    return withProperties(node, { bytes: objectBytes, sample: [], count: 0 });
  }
  if (Array.isArray(node)) return partsOfArray(node);
  if (ArrayBuffer.isView(node)) {
    return { bytes: viewBytes + backingBytes(node.buffer, buffers), sample: [], count: 0 };
  }
  if (types.isAnyArrayBuffer(node)) return { bytes: backingBytes(node, buffers), sample: [], count: 0 };
  if (types.isMap(node)) return withProperties(node, partsOfMap(node));
  if (types.isSet(node)) return withProperties(node, partsOfSet(node));
  const bytes = types.isDate(node) ? dateBytes : objectBytes;
  return withProperties(node, { bytes, sample: [], count: 0 });
}

/** Any view keeps the whole buffer alive; the first one met pays for it. */
function backingBytes(buffer: ArrayBufferLike, buffers: WeakSet<object>): number {
  if (buffers.has(buffer)) return 0;
  buffers.add(buffer);
  return bufferBytes + buffer.byteLength;
}

/** Every element is looked at; only those that are objects are sampled. */
function partsOfArray(array: readonly unknown[]): Parts {
  const gathered = new Gathered();
  let slots = array.length;
  if (isSparse(array)) {
    slots = 0;
    // A sparse array is a hash table of the elements that are there.
    for (const index of Object.keys(array)) {
      gathered.add(array[Number(index)]);
      gathered.bytes += tableSlotBytes;
    }
  } else {
    for (let index = 0; index < array.length; index++) gathered.add(array[index]);
    // An array of fractions holds them unboxed.
    if (gathered.numbers === array.length) gathered.bytes -= gathered.fractions * numberBytes;
  }
  gathered.bytes += arrayBytes + slots * slotBytes;
  return gathered.parts();
}

/** A long array with few elements at its first, middle and last places is asked how many it has. */
function isSparse(array: readonly unknown[]): boolean {
  if (array.length < 1024) return false;
  for (let probe = 0; probe < 16; probe++) {
    if (!(Math.floor((array.length - 1) * (probe / 15)) in array)) {
      return Object.keys(array).length < array.length / 8;
    }
  }
  return false;
}

function partsOfMap(map: ReadonlyMap<unknown, unknown>): Parts {
  const gathered = new Gathered();
  for (const [key, value] of map) {
    gathered.add(key);
    gathered.add(value);
  }
  gathered.bytes += tableBytes(map.size, 3);
  return gathered.parts();
}

function partsOfSet(set: ReadonlySet<unknown>): Parts {
  const gathered = new Gathered();
  for (const value of set) gathered.add(value);
  gathered.bytes += tableBytes(set.size, 2);
  return gathered.parts();
}

/** Hash tables of V8 double; there is a bucket for every two entries. */
function tableBytes(entries: number, slotsPerEntry: number): number {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(4, entries)));
  return arrayBytes + capacity * (slotsPerEntry + 0.5) * slotBytes;
}

/** Names are shared by all objects of a shape, unless there are so many that each object has a table. */
function withProperties(node: object, parts: Parts): Parts {
  const names = Object.keys(node);
  if (names.length === 0) return parts;
  const gathered = new Gathered(parts);
  for (const name of names) gathered.add((node as Record<string, unknown>)[name]);
  if (names.length <= fastPropertiesMax) {
    gathered.bytes += names.length * (names.length <= fewPropertiesMax ? slotBytes : midPropertyBytes);
  } else {
    for (const name of names) gathered.bytes += tableSlotBytes + textBytes(name);
  }
  return gathered.parts();
}

/** Counts parts as they are added, and keeps a sample of the objects among them, thinned by halving. */
class Gathered {
  bytes: number;
  numbers = 0;
  fractions = 0;
  #sample: object[];
  #count: number;
  #stride = 1;

  constructor(parts: Parts = { bytes: 0, sample: [], count: 0 }) {
    this.bytes = parts.bytes;
    this.#sample = parts.sample;
    this.#count = parts.count;
  }

  add(value: unknown): void {
    if (typeof value === "string") this.bytes += textBytes(value);
    else if (typeof value === "number") this.#addNumber(value);
    else if (typeof value === "object" && value !== null) this.#addObject(value);
    else if (typeof value === "bigint") this.bytes += bigintBytes(value);
    else if (typeof value === "function") this.bytes += opaqueBytes;
  }

  parts(): Parts {
    return { bytes: this.bytes, sample: this.#sample, count: this.#count };
  }

  #addNumber(value: number): void {
    this.numbers++;
    if ((value | 0) === value && !Object.is(value, -0)) return;
    this.fractions++;
    this.bytes += numberBytes;
  }

  #addObject(value: object): void {
    if (this.#count++ % this.#stride !== 0) return;
    if (this.#sample.length >= sizeEstimateChildrenMax) {
      this.#sample = this.#sample.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
      if ((this.#count - 1) % this.#stride !== 0) return;
    }
    this.#sample.push(value);
  }
}

function bigintBytes(value: bigint): number {
  return textHeadBytes + slotBytes * Math.ceil(value.toString(16).length / 16);
}
