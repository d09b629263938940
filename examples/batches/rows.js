// Generated rows, like those of a product feed: the same on every run, made one at a time.

const words = "anchor brass cable deck engine flag gauge hull iron jib keel lamp mast net oar pump".split(
  " ",
);

/**
 * `count` products, each of about a kilobyte of memory; now and then one with a description a hundred times
 * as long.
 */
export function* products(count, { longEvery = 500 } = {}) {
  for (let id = 1; id <= count; id++) {
    const length = id % longEvery === 0 ? 9000 : 90;
    const description = Array.from({ length }, (_, index) => words[(id * 7 + index * index) % words.length]);
    yield {
      id,
      sku: `SKU-${String(id).padStart(8, "0")}`,
      price: (id * 37) % 100_000,
      tags: [words[id % 16], words[(id * 5) % 16]],
      description: description.join(" "),
    };
  }
}
