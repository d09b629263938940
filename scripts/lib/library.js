// Linked records of a library of comics, as JSON lines: publishers, series, characters and comics with tags,
// with what real feeds have: records that come again newer or older, that are gone, that lead nowhere, that
// are bad.
import { Random } from "./random.js";

const words = "night star river stone glass winter paper iron summer hollow silver crown".split(" ");
const tags = ["noir", "space", "humour", "classic", "indie", "manga", "horror", "romance"];

/** The mapping that the files are made for. */
export const libraryMapping = `version: 1
entities:
  Publisher: { match: "*publishers*", key: name, rest: false, fields: { name: string, country: string } }
  Character:
    match: "*characters*"
    key: name
    conflict: replace
    rest: false
    fields: { name: string, powers: { type: string, list: true } }
  Series:
    match: "*series*"
    key: id
    conflict: replace
    fields: { id: int, title: { type: string, index: text }, publisher: { type: string, link: Publisher } }
  Comic:
    match: "*comics*"
    key: path
    conflict: newest:seen
    deleted: gone
    fields:
      path: string
      seen: int
      gone: bool
      title: { type: string, index: text }
      published: { type: date, index: range }
      pages: int
      rating: float
      series: { type: int, link: Series }
      tags: { type: string, list: true }
      characters: { type: string, list: true, link: Character }
`;

/** The files, each named as its records are. */
export const libraryKinds = ["comics", "series", "characters", "publishers"];

/**
 * The lines of a file; about one comic in ten came before, is gone or is bad. `count` is that of the comics.
 */
export function* libraryLines(kind, { count, seed = 1 }) {
  const random = new Random(seed + libraryKinds.indexOf(kind));
  const sizes = { series: Math.ceil(count / 20), characters: Math.ceil(count / 10) };
  const publishers = Math.ceil(count / 200);
  const records = { publishers: Math.ceil(publishers * 1.2), comics: count };
  const total = records[kind] ?? Math.ceil(sizes[kind] * 1.1);
  const draw = { publishers: publisher, characters: character, series, comics: comic }[kind];
  for (let number = 0; number < total; number++) {
    const drawn = draw(random, { ...sizes, publishers }, number);
    yield typeof drawn === "string" ? drawn : JSON.stringify(drawn);
  }
}

function publisher(random, { publishers }) {
  return { name: `Publisher ${random.below(publishers)}`, country: random.pick(["FR", "US", "JP", null]) };
}

function character(random, { characters }) {
  return { name: `Hero ${random.below(characters)}`, powers: some(random, 3, () => random.pick(words)) };
}

function series(random, sizes, number) {
  const record = { id: random.below(sizes.series), title: title(random) };
  record.publisher = `Publisher ${random.below(Math.ceil(sizes.publishers * 1.1))}`;
  return random.chance(0.1) ? { ...record, note: { number } } : record;
}

function comic(random, sizes, number) {
  const isAgain = number > 0 && random.chance(0.1);
  const path = `/comics/${isAgain ? random.below(number) : number}.cbz`;
  const seen = random.below(1000);
  if (random.chance(0.02)) return { path, seen, gone: true };
  if (random.chance(0.01)) return random.pick([`{"path":"${path}","pages":"many"}`, `{"seen":${seen}}`, "{"]);
  return {
    path,
    ...(random.chance(0.05) ? {} : { seen }),
    title: `${title(random)} "é"\n`,
    published: `20${10 + random.below(15)}-0${1 + random.below(9)}-1${random.below(10)}T10:00:00+02:00`,
    pages: random.below(400),
    rating: random.below(50) / 10,
    series: random.below(sizes.series + 2),
    tags: some(random, 4, () => random.pick(tags)),
    characters: some(random, 5, () => `Hero ${random.below(sizes.characters + 5)}`),
    ...(random.chance(0.2) ? { extra: { by: random.pick(words), at: [number, null] }, "odd name": "x" } : {}),
  };
}

function title(random) {
  return `The ${random.pick(words)} ${random.pick(words)} of ${random.pick(words)}`;
}

function some(random, most, draw) {
  return Array.from({ length: random.below(most + 1) }, draw);
}
