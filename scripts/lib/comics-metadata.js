// What is known of a made-up comic, and how the programs of this world write it down.
const publishers = [
  "Harbor House",
  "North Star Comics",
  "Blue Lantern Press",
  "Éditions du Quai",
  "Tanuki Shobo",
];
const imprints = ["Undertow", "Night Watch", "Small Boats"];
const first = [
  "Tide",
  "Iron",
  "Paper",
  "Clockwork",
  "Silent",
  "Amber",
  "Winter",
  "Hollow",
  "Copper",
  "Second",
];
const second = [
  "Harbour",
  "Detective",
  "Kingdom",
  "Sisters",
  "Voyage",
  "Machine",
  "Garden",
  "Company",
  "Moon",
];
const people = [
  "Ada Berg",
  "Ivo Lang",
  "Mei Sato",
  "Jon Okafor",
  "Lucía Prado",
  "Tom Reed",
  "Nina Vass",
  "Kei Mori",
];
const heroes = [
  "The Pilot",
  "Captain Brine",
  "Nightjar",
  "Doctor Salt",
  "The Cartographer",
  "Lady Ebb",
  "Rook",
];
const teams = ["Harbour Watch", "The Seven Lamps", "Salvage Crew"];
const genres = ["Adventure", "Crime", "Fantasy", "Humor", "Science Fiction", "Romance", "Horror"];
const tags = ["sea", "ships", "heist", "war", "ghosts", "city", "family", "travel", "robots"];
const places = ["Port Amber", "Low City", "The Reef", "Station Nine"];
const arcs = ["The Long Tide", "Lights Out", "A Map of Salt"];
const words = "the sea was calm and nobody at the harbour knew whose ship had come in that night".split(" ");
const ratings = ["Everyone", "Teen", "Teen Plus", "Mature"];
const roles = ["Writer", "Penciller", "Inker", "Colorist", "Letterer", "Editor"];

const seriesCount = 997;

/** A comic: its number in the library decides the series, so that libraries have long ones and short ones. */
export function comicMetadata(number, random) {
  const at = number % seriesCount;
  const publisher = publishers[at % publishers.length];
  const series = `${first[at % first.length]} ${second[(at >> 3) % second.length]} ${Math.floor(at / 90) + 1}`;
  const volume = 1990 + (at % 33);
  const issue = Math.floor(number / seriesCount) + 1;
  const ending = number % 50 === 49 ? "cbt" : "cbz";
  const name = `${series} v${volume} #${String(issue).padStart(3, "0")} (${volume + (issue % 5)}).${ending}`;
  return {
    path: `${publisher}/${series} (${volume})/${name}`,
    publisher,
    imprint: at % 4 === 0 ? imprints[at % imprints.length] : null,
    series,
    volume,
    issue,
    title: `${random.pick(first)} ${random.pick(second)}`,
    summary: Array.from({ length: random.between(10, 60) }, () => random.pick(words)).join(" "),
    year: volume + (issue % 5),
    month: random.between(1, 12),
    day: random.between(1, 28),
    language: random.pick(["en", "fr", "ja"]),
    rating: random.pick(ratings),
    community: random.below(51) / 10,
    credits: roles.map((role) => ({ role, person: random.pick(people) })),
    characters: some(random, heroes, 7),
    teams: some(random, teams, 2),
    genres: some(random, genres, 3),
    tags: some(random, tags, 4),
    places: some(random, places, 2),
    arc: random.chance(0.3) ? random.pick(arcs) : null,
    id: 100_000 + number,
  };
}

function some(random, list, most) {
  return [...new Set(Array.from({ length: random.below(most + 1) }, () => random.pick(list)))];
}

/** One form of metadata or two, or none at all; a tenth of the values is missing, a fifth has another type. */
export function metadataFiles(comic, random, pages) {
  const entries = {};
  let comment = null;
  const put = (form) => {
    const known = blurred(comic, random);
    if (form === "comment") comment = comicBookInfo(known);
    else entries[names[form]] = Buffer.from(writers[form](known, pages));
  };
  const form = random.pick([
    "info",
    "info",
    "info",
    "metron",
    "metron",
    "comet",
    "cbi",
    "comment",
    "yaml",
    "json",
  ]);
  if (random.chance(0.95)) put(form);
  if (random.chance(0.1)) put(random.pick(["info", "cbi", "yaml"]));
  return { entries, comment };
}

/** Values as they are found: some are null, some are numbers in quotes, some are something else. */
function blurred(comic, random) {
  const known = { ...comic };
  for (const member of ["title", "summary", "month", "day", "language", "rating", "community", "imprint"]) {
    if (random.chance(0.1)) known[member] = null;
    else if (random.chance(0.2)) known[member] = random.pick([String(known[member]), 42, "n/a", true, ""]);
  }
  for (const member of ["characters", "teams", "genres", "tags", "places"]) {
    if (random.chance(0.1)) known[member] = [];
  }
  return known;
}

const names = {
  info: "ComicInfo.xml",
  metron: "MetronInfo.xml",
  comet: "CoMet.xml",
  cbi: "comic-book-info.json",
  yaml: "comicbox.yaml",
  json: "comicbox.json",
};

const writers = {
  info: comicInfo,
  metron: metronInfo,
  comet,
  cbi: comicBookInfo,
  yaml: comicboxYaml,
  json: comicbox,
};

const escaped = (value) => String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const element = (name, value) =>
  value === null || value === undefined ? "" : `<${name}>${escaped(value)}</${name}>`;
const byRole = (comic, role) => comic.credits.filter((credit) => credit.role === role)[0].person;

function comicInfo(comic, pages) {
  const list = Array.from(
    { length: pages },
    (_, at) => `<Page Image="${at}"${at === 0 ? ' Type="FrontCover"' : ""}/>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<ComicInfo xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${element("Title", comic.title)}${element("Series", comic.series)}${element("Number", comic.issue)}
${element("Volume", comic.volume)}${element("Summary", comic.summary)}${element("Year", comic.year)}
${element("Month", comic.month)}${element("Day", comic.day)}${element("Publisher", comic.publisher)}
${element("Imprint", comic.imprint)}${roles.map((role) => element(role, byRole(comic, role))).join("")}
${element("Genre", comic.genres.join(", "))}${element("Tags", comic.tags.join(", "))}
${element("Characters", comic.characters.join(", "))}${element("Teams", comic.teams.join(", "))}
${element("Locations", comic.places.join(", "))}${element("StoryArc", comic.arc)}
${element("LanguageISO", comic.language)}${element("AgeRating", comic.rating)}
${element("CommunityRating", comic.community)}${element("PageCount", pages)}
${element("Web", `https://comicvine.gamespot.com/issue/4000-${comic.id}/`)}
<Pages>${list.join("")}</Pages></ComicInfo>`;
}

function metronInfo(comic, pages) {
  const list = (name, item, values) =>
    values.length === 0 ? "" : `<${name}>${values.map((value) => element(item, value)).join("")}</${name}>`;
  const date = `${comic.year}-${String(comic.month).padStart(2, "0")}-${String(comic.day).padStart(2, "0")}`;
  return `<?xml version="1.0"?><MetronInfo><IDS><ID source="Metron" primary="true">${comic.id}</ID></IDS>
<Publisher>${element("Name", comic.publisher)}${element("Imprint", comic.imprint)}</Publisher>
<Series lang="en">${element("Name", comic.series)}${element("Volume", comic.volume)}</Series>
${element("Number", comic.issue)}${list("Stories", "Story", comic.title === null ? [] : [comic.title])}
${element("Summary", comic.summary)}${element("CoverDate", date)}${element("PageCount", pages)}
${list("Genres", "Genre", comic.genres)}${list("Tags", "Tag", comic.tags)}
${comic.arc === null ? "" : `<Arcs><Arc>${element("Name", comic.arc)}<Number>2</Number></Arc></Arcs>`}
${list("Characters", "Character", comic.characters)}${list("Teams", "Team", comic.teams)}
${list("Locations", "Location", comic.places)}${element("AgeRating", comic.rating)}
<Credits>${comic.credits
    .map(
      ({ person, role }) =>
        `<Credit>${element("Creator", person)}<Roles>${element("Role", role)}</Roles></Credit>`,
    )
    .join("")}</Credits></MetronInfo>`;
}

function comet(comic, pages) {
  return `<comet xmlns="http://www.denvog.com/comet/">${element("title", comic.title)}
${element("series", comic.series)}${element("issue", comic.issue)}${element("volume", comic.volume)}
${element("publisher", comic.publisher)}${element("date", comic.year)}${element("pages", pages)}
${comic.genres.map((genre) => element("genre", genre)).join("")}
${comic.characters.map((character) => element("character", character)).join("")}
${element("description", comic.summary)}${element("language", comic.language)}
${element("writer", byRole(comic, "Writer"))}${element("coverImage", "000.jpg")}</comet>`;
}

function comicBookInfo(comic) {
  return JSON.stringify({
    appID: "gen/1",
    lastModified: "2020-01-01 00:00:00 +0000",
    "ComicBookInfo/1.0": {
      series: comic.series,
      title: comic.title,
      publisher: comic.publisher,
      publicationYear: comic.year,
      publicationMonth: comic.month,
      issue: comic.issue,
      volume: comic.volume,
      rating: comic.community,
      genre: comic.genres[0] ?? null,
      language: comic.language,
      comments: comic.summary,
      tags: comic.tags,
      credits: comic.credits.slice(0, 3),
    },
  });
}

function boxOf(comic) {
  return {
    comicbox: {
      publisher: { name: comic.publisher },
      imprint: comic.imprint === null ? null : { name: comic.imprint },
      series: { name: comic.series },
      volume: { number: comic.volume },
      issue: { name: String(comic.issue), number: comic.issue },
      stories: comic.title === null ? {} : { [comic.title]: {} },
      summary: comic.summary,
      date: { year: comic.year, month: comic.month, day: comic.day },
      language: comic.language,
      age_rating: comic.rating,
      characters: Object.fromEntries(comic.characters.map((name) => [name, {}])),
      genres: comic.genres,
      tags: comic.tags,
      credits: Object.fromEntries(
        comic.credits.map(({ person, role }) => [person, { roles: { [role]: {} } }]),
      ),
      identifiers: { comicvine: { key: comic.id } },
    },
  };
}

function comicbox(comic) {
  return JSON.stringify(boxOf(comic));
}

/** YAML in block style, of which JSON's strings are a part. */
function comicboxYaml(comic) {
  const lines = (value, indent) =>
    Object.entries(value)
      .map(([name, item]) => {
        const isMap =
          typeof item === "object" && item !== null && !Array.isArray(item) && Object.keys(item).length > 0;
        const head = `${" ".repeat(indent)}${JSON.stringify(name)}:`;
        return isMap ? `${head}\n${lines(item, indent + 2)}` : `${head} ${JSON.stringify(item)}`;
      })
      .join("\n");
  return `${lines(boxOf(comic), 0)}\n`;
}
