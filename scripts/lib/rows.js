// Rows of people: seven columns, about a hundred bytes, quoted text now and then.
import { withRepeats } from "./nostr-events.js";
import { Random } from "./random.js";

export const rowColumns = ["id", "name", "city", "age", "score", "joined", "bio"];

const first = [
  "Ada",
  "Ben",
  "Chloé",
  "Dmitri",
  "Élodie",
  "Farid",
  "Grace",
  "Hiro",
  "Inês",
  "Jürg",
  "Kofi",
  "Lena",
  "Mei",
  "Noor",
];
const last = [
  "Müller",
  "Smith",
  "García",
  "Nakamura",
  "Okafor",
  "Rossi",
  "Kowalski",
  "Dubois",
  "Andersen",
  "Silva",
  "O'Neil",
];
const cities = [
  "Zürich",
  "Genève",
  "Lagos",
  "São Paulo",
  "Osaka",
  "Kraków",
  "Lyon",
  "Napoli",
  "Bergen",
  "Austin",
  "Pune",
  "Lima",
];
const bios = [
  "likes long walks, short meetings and old trains",
  "writes about gardens and bees and the weather at sea",
  "collects maps of places that are gone, or never were",
  'known as "the captain" among friends and neighbours',
  "plays the cello badly but with love, every evening",
  "builds boats from paper and plans from nothing",
];

/** CSV lines, the header first, without line breaks at their ends. */
export function* csvRows({ count, seed = 1, dup = 0 }) {
  yield rowColumns.join(",");
  const random = new Random(seed);
  yield* withRepeats(count, new Random(seed ^ 0x5eed), dup, (number) => row(random, number));
}

function row(random, number) {
  const name = `${random.pick(first)} ${random.pick(last)}`;
  const day = new Date(Date.UTC(2015, 0, 1) + random.below(3650) * 86400000).toISOString().slice(0, 10);
  const score = (random.below(100000) / 100).toFixed(2);
  const bio = random.chance(0.03) ? `${random.pick(bios)}\n${random.pick(bios)}` : random.pick(bios);
  return [number + 1, name, random.pick(cities), random.between(16, 95), score, day, bio].map(cell).join(",");
}

function cell(value) {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
