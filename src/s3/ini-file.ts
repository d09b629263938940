export type IniSections = Map<string, Map<string, string>>;

/**
 * The files that AWS programs share: sections in brackets, names and values, comments. Nested values are left
 * out.
 */
export function parseIni(text: string): IniSections {
  const sections: IniSections = new Map();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line);
    if (head !== null) {
      section = sections.get(head[1]!) ?? new Map();
      sections.set(head[1]!, section);
      continue;
    }
    const value = /^([A-Za-z0-9_.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (value !== null) section?.set(value[1]!.toLowerCase(), value[2]!.replace(/\s[#;].*$/, ""));
  }
  return sections;
}
