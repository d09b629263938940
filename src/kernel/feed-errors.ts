/** Conditions of feeds: headers of tables, plans of imports, Parquet, lists within JSON. */
export const feedErrors = {
  CSV_HEADER: {
    retry: false,
    message: "The header row of {source} cannot be read ({reason}). Mend its first line.",
  },
  PARQUET_UNSUPPORTED: {
    retry: false,
    message:
      "{source} cannot be read as Parquet: {reason}. Write it to a file anew without that, or as JSON lines.",
  },
  PARQUET_PAGE_TOO_LARGE: {
    retry: false,
    message:
      "{source} has a page at byte {offset} that takes {bytes} bytes, and {bytesMax} were set aside for one. Write the file with smaller pages, or raise --memory by {moreMiB} MiB and read it in parts with --offset.",
  },
  RECORDS_ABSENT: {
    retry: false,
    message:
      "No list of records stands where --records-at says. Name the members that lead to it, such as products or data.items.",
  },
  PLAN_INVALID: {
    retry: false,
    message: "{file}: {what}. Nothing was loaded. Mend the plan, then run the command again.",
  },
  PLAN_UNREADABLE: {
    retry: false,
    message: "Cannot read the plan {file}: {reason}. Name a readable file with --plan.",
  },
} as const;
