/**
 * Whether a glob names a path: `*` and `?` stay within one folder, `**` crosses them, `{a,b}` and `[abc]`
 * choose. A relative glob matches at any depth, as people mean it: `cities/*.json*` is met by
 * `/data/geo/cities/FR.json.gz`.
 */
export function globMatches(glob: string, path: string): boolean {
  const normal = path.replaceAll("\\", "/");
  const pattern = globPattern(glob.replace(/^\.\//, ""));
  return new RegExp(glob.startsWith("/") ? `^${pattern}$` : `(?:^|/)${pattern}$`, "u").test(normal);
}

export function hasGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

function globPattern(glob: string): string {
  let pattern = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at]!;
    if (char === "*" && glob[at + 1] === "*") {
      const isFolder = glob[at + 2] === "/";
      pattern += isFolder ? "(?:[^/]+/)*" : ".*";
      at += isFolder ? 2 : 1;
    } else if (char === "*") pattern += "[^/]*";
    else if (char === "?") pattern += "[^/]";
    else if (char === "[" && glob.indexOf("]", at + 2) > 0) {
      const end = glob.indexOf("]", at + 2);
      pattern += `[${glob
        .slice(at + 1, end)
        .replace(/^!/, "^")
        .replace(/[\\[]/g, "\\$&")}]`;
      at = end;
    } else if (char === "{" && glob.indexOf("}", at) > 0) {
      depth++;
      pattern += "(?:";
    } else if (char === "}" && depth > 0) {
      depth--;
      pattern += ")";
    } else if (char === "," && depth > 0) pattern += "|";
    else pattern += char.replace(/[\\^$.+()[\]{}|]/g, (special) => `\\x${hex(special)}`);
  }
  return pattern + ")".repeat(depth);
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}
