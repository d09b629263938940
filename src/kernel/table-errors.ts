/** Conditions of relational targets: a part of the one table in errors.ts. */
export const tableErrors = {
  TARGET_RULES: {
    retry: false,
    message:
      "{target} has tables, and {entity} holds {what}, which replace and delete one another by rules of their own. Load them into the embedded store: --into DIR.",
  },
  ROW_REFUSED: {
    retry: false,
    message:
      "The database did not take the record: {reason}. Mend the record or the table, then import it again.",
  },
  DATABASE_LOCKED: {
    retry: true,
    message:
      "{database} is being written by another program ({reason}). Wait until it has ended, then run the same command again.",
  },
  DATABASE_UNUSABLE: {
    retry: false,
    message:
      "{database} cannot be written ({reason}). Check the path and the permissions, or name another file.",
  },
  DATABASE_TABLE: {
    retry: false,
    message:
      "{database} cannot take {entity}: {reason}. Mend the table or the mapping, or choose another target.",
  },
  TARGET_NOT_OFFERED: {
    retry: false,
    message: "{what} is not offered for {target}. Use the database's own tools on it.",
  },
} as const;
