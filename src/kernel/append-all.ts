/**
 * Adds items to the end of a list. To spread them over the arguments of `push` takes the stack for each,
 * which has room for about 120,000.
 */
export function appendAll<Item>(list: Item[], items: Iterable<Item>): void {
  for (const item of items) list.push(item);
}
