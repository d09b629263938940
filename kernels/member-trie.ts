// The trie of mapped member names, as the host writes it (src/model/member-trie.ts) into the memory, at a
// multiple of 8. Numbers are little-endian; offsets are from the image's first byte.
//
// image:  0 u32 bytes of the image   4 u32 offset of the root   8 u64 objects met so far
//        16 u32 offset of the scratch region for unescaped names   20 u32 bytes of the longest name
// node (40 bytes):
//         0 u64 number of the object in which the member was met last (its duplicates are in the same object)
//         8 u32 first value that it gave then   12 u32 position after its last value then
//        16 u32 kinds of its slots, or-ed, and NODE_CHILDREN   20 u32 offset of its slots
//        24 u32 offset after its slots   28 u32 offset of its table (0: no children)
//        32 u32 shift of the hash   36 u32 places in the table - 1
// slot (4 bytes): u16 slot, u16 kind (a set of SLOT_...)
// place in a table (24 bytes, open addressing):
//         0 u64 first 8 bytes of the name, zero padded   8 u32 bytes of the name
//        12 u32 offset of the child (0: a free place)   16 u32 offset of the name   20 u32 zero
import { unescapeString } from "./utf8";

/** Values and elements of arrays. */
export const SLOT_PLAIN: u32 = 1;
/** Names and values of an array of arrays. */
export const SLOT_PAIRS: u32 = 2;
/** The whole value. */
export const SLOT_RAW: u32 = 4;
export const NODE_CHILDREN: u32 = 8;

/** Fields of a node. */
export const NODE_OBJECT: usize = 0;
export const NODE_VALUES: usize = 8;
export const NODE_VALUES_END: usize = 12;
export const NODE_KINDS: usize = 16;
export const NODE_SLOTS: usize = 20;
export const NODE_SLOTS_END: usize = 24;
const NODE_TABLE: usize = 28;
const NODE_SHIFT: usize = 32;
const NODE_MASK: usize = 36;

/** The image in use. */
export let trie: usize = 0;

/** Takes an image into use and returns its root. */
export function openTrie(image: usize): usize {
  trie = image;
  return image + load<u32>(image, 4);
}

/** A number that no object has had before in this image. */
@inline
export function nextObject(): u64 {
  const object = load<u64>(trie, 8) + 1;
  store<u64>(trie, object, 8);
  return object;
}

/** The child of the node with this name, or 0. Reads up to 8 bytes after the name. */
@inline
export function findChild(node: usize, name: usize, bytes: u32): usize {
  let head = load<u64>(name);
  let hash: u64 = bytes;
  if (bytes < 8) {
    head &= (<u64>1 << (bytes << 3)) - 1;
  } else {
    hash ^= rotl<u64>(load<u64>(name + bytes - 8), 29);
  }
  hash = (hash ^ head) * 0x9e37_79b9_7f4a_7c15;
  const table = trie + load<u32>(node, NODE_TABLE);
  let place = <usize>(hash >> load<u32>(node, NODE_SHIFT));
  while (true) {
    const entry = table + place * 24;
    const child = load<u32>(entry, 12);
    if (child == 0) return 0;
    if (load<u64>(entry) == head && load<u32>(entry, 8) == bytes) {
      if (bytes <= 8 || restEquals(trie + load<u32>(entry, 16), name, bytes)) return trie + child;
    }
    place = (place + 1) & load<u32>(node, NODE_MASK);
  }
}

/** Whether two names of more than 8 bytes, equal in the first 8, are equal. */
function restEquals(a: usize, b: usize, bytes: u32): bool {
  const last = bytes - 8;
  for (let i: u32 = 8; i < last; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  return load<u64>(a + last) == load<u64>(b + last);
}

/** As `findChild`, for a name with escapes; one is at most six times as long as what it stands for. */
export function findEscapedChild(node: usize, name: usize, bytes: u32): usize {
  if (bytes > load<u32>(trie, 20) * 6) return 0;
  const scratch = trie + load<u32>(trie, 16);
  return findChild(node, scratch, unescapeString(name, name + bytes, scratch));
}
