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
  TABLE_TOO_WIDE: {
    retry: false,
    message:
      '{target} cannot take {entity}: its table would have {columns} columns, and a table of this database has {columnsMax} at most. Give a mapping with the fields that are to be columns (--mapping FILE; `plimsoll infer SOURCE` writes one to begin with): what it does not name is kept together in the column "rest". Or load into the embedded store: --into DIR.',
  },
  TARGET_NOT_OFFERED: {
    retry: false,
    message: "{what} is not offered for {target}. Use the database's own tools on it.",
  },
} as const;
