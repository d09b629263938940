const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The attributes of a row of XML, as text; null for a line that is none. For samples, never for loading. */
export function rowAttributes(line: string): Record<string, string> | null {
  const attributes = /^\s*<row\s(.*)\/>\s*$/.exec(line)?.[1];
  if (attributes === undefined) return null;
  const found = attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries([...found].map(([, name, double, single]) => [name!, plain(double ?? single!)]));
}

function plain(value: string): string {
  return value.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (written, hex, decimal, name) => {
    if (name !== undefined) return characters[name as string] ?? written;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex as string, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : written;
  });
}
