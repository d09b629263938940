/** The cells of one row, which may end with its line break. Quotes count as they do for the framer. */
export function splitRow(row: string, delimiter: string): string[] {
  const end = row.endsWith("\r\n") ? row.length - 2 : row.endsWith("\n") ? row.length - 1 : row.length;
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (row[at] === '"' && at < end) {
      at++;
      while (at < end) {
        if (row[at] !== '"') cell += row[at++];
        else if (row[at + 1] === '"' && at + 1 < end) {
          cell += '"';
          at += 2;
        } else break;
      }
      at++;
    }
    const next = row.indexOf(delimiter, at);
    const stop = next === -1 || next >= end ? end : next;
    cells.push(cell + row.slice(Math.min(at, stop), stop));
    if (stop === end) return cells;
    at = stop + 1;
  }
}
