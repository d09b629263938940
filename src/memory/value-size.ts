import { sizeEstimateNodesMax } from "../kernel/index.js";

const objectBytes = 32;
const slotBytes = 8;
const stringBytes = 24;

/**
 * About how many bytes a JavaScript value keeps alive: its structure is walked once, shared parts count once,
 * buffers count exactly. Of a very large value only a part is walked, and the estimate says so by being a
 * lower bound.
 */
export function valueBytesOf(value: unknown): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return slotBytes;
  const seen = new Set<object>();
  const open: unknown[] = [value];
  let bytes = 0;
  for (let nodes = 0; open.length > 0 && nodes < sizeEstimateNodesMax; nodes++) {
    const node = open.pop();
    if (typeof node === "string") bytes += textBytes(node);
    else if (typeof node !== "object" || node === null) bytes += slotBytes;
    else if (!seen.has(node)) {
      seen.add(node);
      bytes += objectBytes + openChildren(node, open);
    }
  }
  return bytes;
}

/** Puts a node's parts on the stack; what it holds outside of the heap is counted at once. */
function openChildren(node: object, open: unknown[]): number {
  if (ArrayBuffer.isView(node)) return node.byteLength;
  if (node instanceof ArrayBuffer) return node.byteLength;
  if (Array.isArray(node)) {
    for (const item of node) open.push(item);
    return node.length * slotBytes;
  }
  if (node instanceof Map) {
    for (const [key, item] of node) open.push(key, item);
    return node.size * 3 * slotBytes;
  }
  if (node instanceof Set) {
    for (const item of node) open.push(item);
    return node.size * 2 * slotBytes;
  }
  let slots = 0;
  for (const name in node) {
    open.push((node as Record<string, unknown>)[name]);
    slots++;
  }
  return slots * slotBytes;
}

/** V8 keeps one byte a character as long as all of them are Latin-1, two otherwise. */
function textBytes(text: string): number {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0xff) return stringBytes + text.length * 2;
  }
  return stringBytes + text.length;
}
