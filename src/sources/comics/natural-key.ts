/**
 * Joins the parts of a key so that no two lists of parts give the same text: a bar stands between them, and
 * bars and backslashes within a part have a backslash in front.
 */
export function naturalKey(...parts: readonly (string | number | null | undefined)[]): string {
  return parts.map((part) => String(part ?? "").replace(/[\\|]/g, "\\$&")).join("|");
}
