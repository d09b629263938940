// A feed of a shop: categories, products with names in two languages, their variants, prices and stocks as
// CSV,
// a mapping for them and the plan that loads them in order.
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Random } from "./random.js";

/** Words by language, told from one another by their place. */
const words = {
  en_US: {
    things: ["chair", "table", "lamp", "shelf", "carpet", "mirror", "desk", "sofa", "curtain", "vase"],
    manners: ["small", "large", "light", "heavy", "round", "narrow", "plain", "noble", "soft", "sturdy"],
    says: [
      "for every room",
      "made to last",
      "easy to clean",
      "with two years of warranty",
      "a gift for friends",
    ],
  },
  de_DE: {
    things: [
      "Stuhl",
      "Tisch",
      "Lampe",
      "Regal",
      "Teppich",
      "Spiegel",
      "Schreibtisch",
      "Sofa",
      "Vorhang",
      "Vase",
    ],
    manners: ["klein", "groß", "leicht", "schwer", "rund", "schmal", "schlicht", "edel", "weich", "stabil"],
    says: [
      "für jedes Zimmer",
      "für lange Zeit",
      "leicht zu reinigen",
      "mit zwei Jahren Garantie",
      "ein Geschenk",
    ],
  },
};
const locales = ["en_US", "de_DE"];
const colors = { en_US: ["red", "blue", "green", "white"], de_DE: ["rot", "blau", "grün", "weiß"] };
const materials = ["wood", "steel", "glass", "wool", "clay"];
const labels = ["new", "sale", "gift", "eco", "bestseller"];
const warehouses = ["north", "south"];
const currencies = ["EUR", "CHF"];

const mapping = `version: 1
entities:
  Category:
    key: category_key
    conflict: replace
    columns: { localised: true }
    fields:
      category_key: string
      parent_category_key: { type: string, link: Category }
      name.en_US: { type: string, index: [ exact, text ] }
      name.de_DE: { type: string, index: [ exact, text ] }
  ProductAbstract:
    key: abstract_sku
    conflict: replace
    columns:
      localised: true
      pairs: { attributes: { key: attribute_key_*, value: value_* } }
      lists: { labels: ";" }
    fields:
      abstract_sku: string
      category_key: { type: string, link: Category }
      name.en_US: { type: string, index: text }
      name.de_DE: { type: string, index: text }
      description.en_US: { type: string, index: text }
      attributes.material: { type: string, index: exact }
      attributes.weight: { type: float, index: range }
      attributes.en_US.color: { type: string, index: exact }
      labels: { type: string, index: exact, list: true }
      new_from: { type: date, index: range }
  ProductConcrete:
    key: concrete_sku
    conflict: replace
    columns: { localised: true }
    fields:
      concrete_sku: string
      abstract_sku: { type: string, link: ProductAbstract }
      name.en_US: { type: string, index: text }
      is_searchable.en_US: { type: bool, index: exact }
      bundled: bool
  ProductPrice:
    key: [ concrete_sku, currency ]
    conflict: replace
    fields:
      concrete_sku: { type: string, link: ProductConcrete }
      currency: { type: string, index: exact }
      value_net: int
      value_gross: { type: int, index: range }
      price_data.volume_prices: { path: [ price_data.volume_prices ], type: json }
  ProductStock:
    key: [ concrete_sku, name ]
    conflict: replace
    fields:
      concrete_sku: { type: string, link: ProductConcrete }
      name: { type: string, index: exact }
      quantity: { type: int, index: range }
      is_never_out_of_stock: bool
`;

const plan = `# Loads the feed beside it: plimsoll import --plan THIS_FILE
version: 0
target: shop
mapping: mapping.yml
actions:
  - data_entity: category
    source: category.csv
    group: catalog
  - data_entity: product-abstract
    source: product_abstract.csv
    group: catalog
  - data_entity: product-concrete
    source: product_concrete.csv
    group: catalog
  - data_entity: product-price
    source: product_price.csv
    group: offer
  - data_entity: product-stock
    source: product_stock.csv
    group: offer
`;

const headers = {
  category: ["category_key", "parent_category_key", "name.en_US", "name.de_DE"],
  product_abstract: [
    "category_key",
    "abstract_sku",
    "name.en_US",
    "name.de_DE",
    "url.en_US",
    "url.de_DE",
    "attribute_key_1",
    "value_1",
    "attribute_key_2",
    "value_2",
    "attribute_key_1.en_US",
    "value_1.en_US",
    "attribute_key_1.de_DE",
    "value_1.de_DE",
    "description.en_US",
    "description.de_DE",
    "labels",
    "new_from",
  ],
  product_concrete: [
    "abstract_sku",
    "concrete_sku",
    "name.en_US",
    "name.de_DE",
    "is_searchable.en_US",
    "is_searchable.de_DE",
    "bundled",
  ],
  product_price: ["concrete_sku", "currency", "value_net", "value_gross", "price_data.volume_prices"],
  product_stock: ["concrete_sku", "name", "quantity", "is_never_out_of_stock"],
};

const pieceCharsMax = 1 << 18;

/** A CSV file that is written piece by piece. */
class Table {
  constructor(folder, name) {
    this.file = openSync(join(folder, `${name}.csv`), "w");
    this.piece = `${headers[name].join(",")}\n`;
  }

  row(cells) {
    this.piece += `${cells.map(cellText).join(",")}\n`;
    if (this.piece.length >= pieceCharsMax) this.flush();
  }

  flush() {
    writeSync(this.file, this.piece);
    this.piece = "";
  }

  close() {
    this.flush();
    closeSync(this.file);
  }
}

function cellText(cell) {
  const text = String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes the feed of `count` products into a folder; `bad` of their rows have a number that is none. */
export function writeProducts({ count, seed, bad, out }) {
  mkdirSync(out, { recursive: true });
  const tables = Object.fromEntries(Object.keys(headers).map((name) => [name, new Table(out, name)]));
  const random = new Random(seed);
  const categories = Math.max(1, Math.round(Math.sqrt(count) / 2));
  for (let number = 0; number < categories; number++) {
    const thing = number % words.en_US.things.length;
    const parent = number === 0 ? "" : `category-${Math.floor((number - 1) / 4)}`;
    const names = locales.map((locale) => `${words[locale].things[thing]} ${number}`);
    tables.category.row([`category-${number}`, parent, ...names]);
  }
  const badEvery = bad === 0 ? 0 : Math.max(1, Math.floor(count / bad));
  for (let number = 0; number < count; number++) {
    const isBad = badEvery > 0 && number % badEvery === badEvery - 1 && Math.floor(number / badEvery) < bad;
    writeProduct(tables, random, number, { categories, isBad });
  }
  for (const table of Object.values(tables)) table.close();
  for (const [name, text] of [
    ["mapping.yml", mapping],
    ["plan.yml", plan],
  ]) {
    const file = openSync(join(out, name), "w");
    writeSync(file, text);
    closeSync(file);
  }
}

function writeProduct(tables, random, number, { categories, isBad }) {
  const sku = `P${String(number).padStart(7, "0")}`;
  const [thing, manner, color] = [random.below(10), random.below(10), random.below(4)];
  const nameOf = (locale) => `${words[locale].manners[manner]} ${words[locale].things[thing]}`;
  const names = locales.map(nameOf);
  const urls = locales.map(
    (locale, at) => `/${locale.slice(0, 2)}/${names[at].replaceAll(" ", "-")}-${number}`,
  );
  const texts = locales.map((locale, at) => `${names[at]}, "${random.pick(words[locale].says)}"`);
  const weight = isBad ? "heavy" : (random.between(1, 500) / 10).toFixed(1);
  const day = new Date(Date.UTC(2024, 0, 1) + random.below(700) * 86_400_000).toISOString().slice(0, 10);
  const chosen = labels.filter(() => random.chance(0.3)).join(";");
  const hasColor = random.chance(0.8);
  const colorCells = locales.flatMap((locale) => (hasColor ? ["color", colors[locale][color]] : ["", ""]));
  tables.product_abstract.row([
    `category-${random.rank(categories)}`,
    sku,
    ...names,
    ...urls,
    "material",
    random.pick(materials),
    "weight",
    weight,
    ...colorCells,
    ...texts,
    chosen,
    day,
  ]);
  for (let variant = 1, variants = random.between(1, 3); variant <= variants; variant++) {
    const concrete = `${sku}-${variant}`;
    const flags = [random.chance(0.9), random.chance(0.9)].map(Number);
    tables.product_concrete.row([sku, concrete, ...names, ...flags, ""]);
    const net = random.between(100, 100_000);
    for (const currency of currencies) {
      const volumes = random.chance(0.1)
        ? JSON.stringify([{ quantity: 5, net_price: Math.floor(net * 0.9) }])
        : "";
      tables.product_price.row([concrete, currency, net, Math.floor(net * 1.19), volumes]);
    }
    for (const name of warehouses)
      tables.product_stock.row([concrete, name, random.below(200), random.below(2)]);
  }
}
