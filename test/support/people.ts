/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const cityNames = [
  "Zürich",
  "Lagos",
  "São Paulo",
  "Osaka",
  "Kraków",
  "Lyon",
  "Bergen",
  "Pune",
  "Lima",
  "Oslo",
];
const words =
  "walks maps cello bees boats harbour captain gardens trains weather paper evening letters stones".split(
    " ",
  );

/** An index of every kind, a key and a link; two of the cities are missing, so that some links lead nowhere. */
export const peopleMapping = `
version: 1
entities:
  Person:
    match: "*people*"
    key: id
    fields:
      id: int
      name: { type: string, index: [exact, text] }
      city: { type: string, link: City, index: exact }
      age: { type: int, index: range }
      score: { type: float, index: range }
      joined: { type: date, index: range }
      bio: { type: string, index: text }
  City:
    match: "*cities*"
    key: name
    fields:
      name: string
      country: { type: string, index: exact }
`;

export const citiesCsv = `name,country\n${cityNames
  .slice(0, 8)
  .map((name, at) => `${name},C${at % 3}`)
  .join("\n")}\n`;

export interface PeopleOptions {
  count: number;
  seed: number;
  /** Parts of the rows that repeat an earlier key, and that are wrong in some way. */
  repeated?: number;
  bad?: number;
}

/** CSV rows of people, quoted line breaks and bad rows among them. */
export function peopleCsv({ count, seed, repeated = 0.1, bad = 0.005 }: PeopleOptions): string {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const rows = ["id,name,city,age,score,joined,bio"];
  for (let number = 1; number <= count; number++) {
    const id = random() < repeated ? 1 + below(number) : number;
    const bio = Array.from({ length: 6 }, () => pick(words)).join(random() < 0.03 ? "\n" : " ");
    const joined = new Date(Date.UTC(2015, 0, 1 + below(3650))).toISOString().slice(0, 10);
    const cells = [
      id,
      `${pick(words)} ${pick(words)}`,
      pick(cityNames),
      16 + below(80),
      below(1e5) / 100,
      joined,
    ];
    if (random() < bad)
      rows.push(pick([`${number},only,three`, `x${number},bad key,Lyon,3,1,2015-01-01,no`]));
    rows.push(`${cells.join(",")},"${bio}"`);
  }
  return `${rows.join("\n")}\n`;
}
