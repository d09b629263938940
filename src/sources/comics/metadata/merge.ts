import { type ComicMetadata, type MetadataForm, metadataForms } from "./comic-metadata.js";

export type MetadataByForm = Partial<Record<MetadataForm, ComicMetadata>>;

/**
 * One description out of those of all forms: each field comes whole from the form of the highest rank that
 * has it, so that lists of two programs are not mixed.
 */
export function mergeMetadata(found: MetadataByForm): ComicMetadata {
  const merged: ComicMetadata = {};
  for (const form of metadataForms) Object.assign(merged, dated(merged, found[form] ?? {}));
  return merged;
}

/** A date is one field: a year of one form and a month of another make a month that never was. */
function dated(below: ComicMetadata, above: ComicMetadata): ComicMetadata {
  const isSameYear = above.year === undefined || above.year === below.year;
  if (isSameYear) return above;
  const { month, day, ...rest } = above;
  delete below.month;
  delete below.day;
  return { ...rest, ...(month === undefined ? {} : { month }), ...(day === undefined ? {} : { day }) };
}
