/** Tables of a dump that never was; the archives in this folder were packed of them by 7-Zip. */
const rows: Readonly<Record<string, { root: string; rows: number; row: (id: number) => string }>> = {
  "Badges.xml": { root: "badges", rows: 40, row: (id) => `UserId="${id % 7}" Name="Autobiographer"` },
  "Posts.xml": {
    root: "posts",
    rows: 3000,
    row: (id) => `PostTypeId="1" Score="${id % 11}" Tags="|a|b${id % 3}|"`,
  },
  "Tags.xml": { root: "tags", rows: 3, row: (id) => `TagName="b${id - 1}" Count="1000"` },
  "Users.xml": {
    root: "users",
    rows: 500,
    row: (id) => `Reputation="${id * id}" DisplayName="Ann &amp; B. ${id}"`,
  },
};

const text = (root: string, count: number, row: (id: number) => string): string => {
  const lines = Array.from({ length: count }, (_, at) => `  <row Id="${at + 1}" ${row(at + 1)} />\r\n`);
  return `\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<${root}>\r\n${lines.join("")}</${root}>`;
};

/** Text of each file by its name, in the order of the archives. */
export const tables: ReadonlyMap<string, string> = new Map(
  Object.entries(rows).map(([name, { root, rows: count, row }]) => [name, text(root, count, row)]),
);
