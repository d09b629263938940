import { assert, pathDepthMax } from "../kernel/index.js";

/**
 * Compiles the paths of mapped members into the image that the scanner kernel walks
 * (kernels/member-trie.ts describes its layout).
 */
export interface TrieField {
  slot: number;
  /** Member names from the record's root; arrays on the way are transparent. */
  path: readonly string[];
  /** The value is an array of arrays whose first two strings are a name and a value. */
  pairs?: boolean;
  /** The span of the whole value is listed: for pairs in addition, else instead of its elements. */
  raw?: boolean;
}

const headerBytes = 24;
const nodeBytes = 40;
const placeBytes = 24;
const slotKind = { plain: 1, pairs: 2, raw: 4 };
const childrenKind = 8;
const hashFactor = 0x9e37_79b9_7f4a_7c15n;

interface TrieNode {
  slots: { slot: number; kind: number }[];
  children: Map<string, TrieNode>;
  offset: number;
}

export function compileTrie(fields: readonly TrieField[]): Uint8Array {
  const root = createNode();
  for (const field of fields) addField(root, field);
  const nodes = listNodes(root);
  const names = new Map<string, { bytes: Uint8Array; offset: number }>();
  let end = headerBytes;
  for (const node of nodes) {
    node.offset = end;
    end += nodeBytes + tablePlaces(node) * placeBytes + alignUp(node.slots.length * 4);
    for (const name of node.children.keys())
      names.set(name, { bytes: new TextEncoder().encode(name), offset: 0 });
  }
  let nameBytesMax = 0;
  for (const name of names.values()) {
    name.offset = end;
    end += alignUp(name.bytes.length + 8);
    nameBytesMax = Math.max(nameBytesMax, name.bytes.length);
  }
  const image = new Uint8Array(end + alignUp(nameBytesMax * 6 + 32));
  const view = new DataView(image.buffer);
  for (const name of names.values()) image.set(name.bytes, name.offset);
  view.setUint32(0, image.length, true);
  view.setUint32(4, root.offset, true);
  view.setUint32(16, end, true);
  view.setUint32(20, nameBytesMax, true);
  for (const node of nodes) writeNode(view, node, names);
  return image;
}

function createNode(): TrieNode {
  return { slots: [], children: new Map(), offset: 0 };
}

function addField(root: TrieNode, field: TrieField): void {
  assert(field.path.length > 0 && field.path.length <= pathDepthMax, "a path has 1 to 32 parts");
  assert(field.slot >= 0 && field.slot < 0xffff, "slots are below 65535");
  let node = root;
  for (const name of field.path) {
    const child = node.children.get(name) ?? createNode();
    node.children.set(name, child);
    node = child;
  }
  const kind = (field.pairs ? slotKind.pairs : 0) | (field.raw ? slotKind.raw : 0);
  node.slots.push({ slot: field.slot, kind: kind || slotKind.plain });
}

function listNodes(root: TrieNode): TrieNode[] {
  const nodes = [root];
  for (const node of nodes) nodes.push(...node.children.values());
  return nodes;
}

/** A table is at most half full, so that a search for an absent name ends soon. The root always has one. */
function tablePlaces(node: TrieNode): number {
  return 2 ** Math.max(1, Math.ceil(Math.log2(node.children.size * 2 || 1)));
}

function writeNode(
  view: DataView,
  node: TrieNode,
  names: ReadonlyMap<string, { bytes: Uint8Array; offset: number }>,
): void {
  const places = tablePlaces(node);
  const table = node.offset + nodeBytes;
  const slots = table + places * placeBytes;
  const kinds = node.slots.reduce((all, { kind }) => all | kind, node.children.size > 0 ? childrenKind : 0);
  view.setUint32(node.offset + 16, kinds, true);
  view.setUint32(node.offset + 20, slots, true);
  view.setUint32(node.offset + 24, slots + node.slots.length * 4, true);
  view.setUint32(node.offset + 28, table, true);
  view.setUint32(node.offset + 32, 64 - Math.log2(places), true);
  view.setUint32(node.offset + 36, places - 1, true);
  node.slots.forEach(({ slot, kind }, i) => {
    view.setUint16(slots + i * 4, slot, true);
    view.setUint16(slots + i * 4 + 2, kind, true);
  });
  for (const [text, child] of node.children) {
    const name = names.get(text)!;
    let place = nameHash(name.bytes) >>> (32 - Math.log2(places));
    while (view.getUint32(table + place * placeBytes + 12, true) !== 0) place = (place + 1) % places;
    const entry = table + place * placeBytes;
    view.setBigUint64(entry, nameWord(name.bytes, 0), true);
    view.setUint32(entry + 8, name.bytes.length, true);
    view.setUint32(entry + 12, child.offset, true);
    view.setUint32(entry + 16, name.offset, true);
  }
}

/** The upper 32 bits of the kernel's hash: of length, the first 8 bytes and, of longer names, the last 8. */
function nameHash(name: Uint8Array): number {
  const tail = name.length < 8 ? 0n : nameWord(name, name.length - 8);
  const turned = (tail << 29n) | (tail >> 35n);
  const hash = BigInt.asUintN(64, (nameWord(name, 0) ^ turned ^ BigInt(name.length)) * hashFactor);
  return Number(hash >> 32n);
}

/** Eight bytes of a name as a little-endian number, zero padded. */
function nameWord(name: Uint8Array, offset: number): bigint {
  const word = new Uint8Array(8);
  word.set(name.subarray(offset, offset + 8));
  return new DataView(word.buffer).getBigUint64(0, true);
}

function alignUp(bytes: number): number {
  return (bytes + 7) & ~7;
}
