/**
 * Keeps the `capacity` smallest of the items offered, by `compare`. The largest kept stands at the root, so
 * that an item too large is turned away with one comparison.
 */
export class TopHeap<Item> {
  readonly #items: Item[] = [];
  readonly #capacity: number;
  readonly #compare: (left: Item, right: Item) => number;
  #turnedAway = 0;

  constructor(capacity: number, compare: (left: Item, right: Item) => number) {
    this.#capacity = capacity;
    this.#compare = compare;
  }

  /** How many items were offered in vain or pushed out again. */
  get turnedAway(): number {
    return this.#turnedAway;
  }

  /** The largest kept, when there is no room for more without it going. */
  get worst(): Item | undefined {
    return this.#items.length < this.#capacity ? undefined : this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  /** Takes the item in and returns the one that had to go for it, which may be the item itself. */
  offer(item: Item): Item | undefined {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      this.#rise(this.#items.length - 1);
      return undefined;
    }
    this.#turnedAway++;
    const root = this.#items[0]!;
    if (this.#compare(item, root) >= 0) return item;
    this.#items[0] = item;
    this.#sink();
    return root;
  }

  /** Takes out the largest: when what is kept is bounded by more than its number. */
  dropLargest(): Item {
    const root = this.#items[0]!;
    const last = this.#items.pop()!;
    this.#turnedAway++;
    if (this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink();
    }
    return root;
  }

  /** All items kept, smallest first; the heap is spent. */
  takeSorted(): Item[] {
    return this.#items.sort(this.#compare);
  }

  #rise(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(this.#items[at]!, this.#items[parent]!) <= 0) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const isRight =
        right < this.#items.length && this.#compare(this.#items[right]!, this.#items[left]!) > 0;
      const child = isRight ? right : left;
      if (this.#compare(this.#items[child]!, this.#items[at]!) <= 0) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(left: number, right: number): void {
    const item = this.#items[left]!;
    this.#items[left] = this.#items[right]!;
    this.#items[right] = item;
  }
}
