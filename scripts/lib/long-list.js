// One posting list as long as the input: all edges have one predicate, and all but a few one object.

const site = "http://list.example/";
export const longListNames = {
  predicate: `${site}in`,
  object: `${site}all`,
  rare: `${site}rare`,
  subject: (number) => `${site}${number}`,
};
/** Every so many edges there is one of the rare object. */
export const longListRareEach = 100_000;

/** Lines of N-Triples without line breaks at their ends. */
export function* longListLines({ count }) {
  const { predicate, object, rare } = longListNames;
  const [usual, other] = [object, rare].map((name) => `> <${predicate}> <${name}> .`);
  for (let number = 1; number <= count; number++)
    yield `<${site}${number}${number % longListRareEach === 0 ? other : usual}`;
}
