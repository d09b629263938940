/**
 * What a library is to look like in tables, by the plainest means: maps, one record after another. It shares
 * nothing with what it is held against but the words of the rules.
 */
export interface TwinOutcome {
  tables: Record<string, string[]>;
  records: Record<string, number>;
  danglingLinks: number;
}

type Row = Record<string, unknown>;

interface Comic {
  row: Row;
  tags: string[];
  characters: string[];
}

export function libraryTwin(lines: Record<string, readonly string[]>): TwinOutcome {
  const records = { read: 0, stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0, rejected: 0 };
  const all = [...Object.values(lines)].flat().length;
  records.read = all;
  const publishers = new Map<string, Row>();
  for (const record of parsed(lines.publishers!)) {
    if (publishers.has(record.name as string)) records.duplicates += 1;
    else {
      publishers.set(record.name as string, record);
      records.stored += 1;
    }
  }
  const characters = replacing(lines.characters!, "name", records);
  const series = replacing(lines.series!, "id", records);
  const { comics, deletions } = newest(lines.comics!, records);
  let danglingLinks = 0;
  const link = (found: boolean) => {
    if (!found) danglingLinks += 1;
    return found;
  };
  const seriesRows = [...series.values()].map(({ id, title, publisher, ...rest }) => [
    id,
    title,
    link(publishers.has(publisher as string)) ? publisher : null,
    Object.keys(rest).length === 0 ? null : JSON.stringify(rest),
  ]);
  const comicRows: unknown[][] = [];
  const tagRows: unknown[][] = [];
  const heroRows: unknown[][] = [];
  for (const [path, comic] of comics) {
    const {
      seen = null,
      title,
      published,
      pages,
      rating,
      series: of,
      tags: _,
      characters: __,
      ...more
    } = comic.row;
    const { path: ___, gone: ____, ...rest } = more;
    const restText = Object.keys(rest).length === 0 ? null : JSON.stringify(rest);
    const date = new Date(published as string).toISOString();
    const seriesId = link(series.has(of as number)) ? of : null;
    comicRows.push([path, seen, title, date, pages, rating, seriesId, restText]);
    comic.tags.forEach((tag, at) => void tagRows.push([path, at, tag]));
    comic.characters.forEach((name, at) => {
      if (link(characters.has(name))) heroRows.push([path, at, name]);
    });
  }
  const powers = [...characters].flatMap(([name, record]) =>
    (record.powers as string[]).map((power, at) => [name, at, power]),
  );
  const text = (rows: readonly unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
  return {
    tables: {
      publisher: text([...publishers.values()].map(({ name, country }) => [name, country])),
      character: text([...characters.keys()].map((name) => [name])),
      character_powers: text(powers),
      series: text(seriesRows),
      comic: text(comicRows),
      comic_tags: text(tagRows),
      comic_characters: text(heroRows),
      plimsoll_deleted_comic: text([...deletions]),
    },
    records,
    danglingLinks,
  };
}

function parsed(lines: readonly string[]): Row[] {
  return lines.map((line) => JSON.parse(line) as Row);
}

function replacing(lines: readonly string[], key: string, records: Record<string, number>) {
  const rows = new Map<unknown, Row>();
  for (const record of parsed(lines)) {
    records[rows.has(record[key]) ? "replaced" : "stored"]! += 1;
    rows.set(record[key], record);
  }
  return rows;
}

function newest(lines: readonly string[], records: Record<string, number>) {
  const comics = new Map<string, Comic>();
  const deletions = new Map<string, number>();
  const versionOf = (row: Row) => (row.seen as number | undefined) ?? Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const record = readComic(line);
    if (record === null) {
      records.rejected! += 1;
      continue;
    }
    const path = record.path as string;
    const there = comics.get(path);
    const deleted = deletions.get(path) ?? Number.NEGATIVE_INFINITY;
    if (record.gone === true) {
      records.deleted! += 1;
      deletions.set(path, Math.max(deleted, versionOf(record)));
      if (there !== undefined && versionOf(there.row) <= versionOf(record)) comics.delete(path);
    } else if (deletions.has(path) && versionOf(record) <= deleted) records.deleted! += 1;
    else if (there !== undefined && versionOf(record) < versionOf(there.row)) records.superseded! += 1;
    else if (there !== undefined && versionOf(record) === versionOf(there.row)) records.duplicates! += 1;
    else {
      records[there === undefined ? "stored" : "replaced"]! += 1;
      comics.set(path, {
        row: record,
        tags: record.tags as string[],
        characters: record.characters as string[],
      });
    }
  }
  return { comics, deletions };
}

/** Null for what is no record, or has a field that is missing or wrong. */
function readComic(line: string): Row | null {
  try {
    const record = JSON.parse(line) as Row;
    return typeof record.path === "string" && record.pages !== "many" ? record : null;
  } catch {
    return null;
  }
}
