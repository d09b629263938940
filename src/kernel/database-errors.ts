/** Conditions of databases that a server keeps. */
export const databaseErrors = {
  DATABASE_UNREACHABLE: {
    retry: true,
    message:
      "Cannot connect to {target} ({reason}). Check that the server runs there and takes connections, then run the same command.",
  },
  DATABASE_ACCESS: {
    retry: false,
    message:
      "{target} does not let this user in ({reason}). Check the user and the password, which may stand in the address, in PGPASSWORD or in ~/.pgpass.",
  },
  DATABASE_ABSENT: {
    retry: false,
    message:
      "There is no database {database} at {target}. Make it (createdb {database}), or name another one with --into.",
  },
  DATABASE_LOST: {
    retry: true,
    message:
      "The connection to {target} is gone ({reason}). Run the same command to go on from the last checkpoint.",
  },
  DATABASE_FULL: {
    retry: true,
    message:
      "The server of {target} has no room left ({reason}). Make room there, then run the same command to go on.",
  },
  DATABASE_BUSY: {
    retry: true,
    message:
      "Another session stands in the way at {target} ({reason}). Wait until it has ended, then run the same command to go on.",
  },
  DATABASE_RIGHTS: {
    retry: false,
    message:
      "The user of {target} lacks a right ({reason}). Grant it, or name another user, then run the same command to go on.",
  },
  DATABASE_FAILED: {
    retry: false,
    message:
      "The server of {target} did not do its part ({reason}). Mend what it names, then run the same command to go on.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
