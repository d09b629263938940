import {
  objectNameBytesMax,
  objectNamePartBytesMax,
  objectNamePartsMax,
  PlimsollError,
} from "../../kernel/index.js";

/** Why no object can have this name; null where one can. */
export function objectNameFault(name: string): string | null {
  if (name === "") return "it is empty";
  if (name.length > objectNameBytesMax) return `it has more than ${objectNameBytesMax} bytes`;
  const parts = name.split("/");
  if (parts.length > objectNamePartsMax) return `it lies more than ${objectNamePartsMax - 1} folders deep`;
  for (const part of parts) {
    if (part === "") return "a part of it is empty";
    if (!/^[A-Za-z0-9._-]+$/.test(part)) return "a character of it is not permitted";
    if (part.startsWith(".")) return "a part of it begins with `.`";
    // Lightning Stream's folders hold files on their way under such names.
    if (part.endsWith(".tmp")) return "a part of it ends with `.tmp`";
    if (part.length > objectNamePartBytesMax)
      return `a part of it has more than ${objectNamePartBytesMax} bytes`;
  }
  return null;
}

/** Throws STORAGE_NAME for what no object can be called, names that lead out of the storage among them. */
export function checkObjectName(name: string): void {
  const reason = objectNameFault(name);
  if (reason !== null) throw new PlimsollError("STORAGE_NAME", { name: JSON.stringify(name), reason });
}
