import { lmdbErrors } from "./lmdb-errors.js";

/** Conditions of snapshots and of what they are merged into. */
export const snapshotErrors = {
  SNAPSHOT_DAMAGED: {
    retry: false,
    message:
      "Snapshot {name} is damaged at byte {offset} of {part} ({reason}). Take it away, and let its instance publish another one.",
  },
  SNAPSHOT_VERSION: {
    retry: false,
    message:
      "Snapshot {name} asks for a program that reads format {compatVersion}; this one reads up to {versionMax}. Update Plimsoll, then run the same command.",
  },
  SNAPSHOT_ENTRY_TOO_LARGE: {
    retry: false,
    message:
      "Snapshot {name} has an entry of {bytes} bytes at byte {offset}; {bytesMax} is the most that is held in memory. Make the value smaller where it is written.",
  },
  SNAPSHOT_ENTRY_OVER_LINE: {
    retry: false,
    message:
      "Snapshot {name} has an entry of {bytes} bytes; to merge it takes {needed} of memory, and the line leaves {left}. Raise --memory by the difference.",
  },
  SNAPSHOT_FIELD_LATE: {
    retry: false,
    message:
      "Snapshot {name} says its {field} at byte {offset} only, behind entries that it is about, as old programs did. Read it from a storage or file, where it can be read twice, or let its instance publish with a newer program.",
  },
  SNAPSHOT_NAME_INVALID: {
    retry: false,
    message:
      "{what} {value} cannot be part of a snapshot's name ({reason}). Choose another one in the configuration.",
  },
  SNAPSHOT_HEADER_INVALID: {
    retry: false,
    message:
      "The value of key {key} in database {database} has no header of the native schema ({reason}). Set schema_tracks_changes to false if the application writes values without headers.",
  },
  SNAPSHOT_DUPSORT_KEY: {
    retry: false,
    message:
      "Key {key} in database {database} does not go through dupsort_hack ({reason}). Leave dupsort_hack off for this database, or change the key where it is written.",
  },
  SNAPSHOT_TRANSFORM: {
    retry: false,
    message:
      "Database {database} of snapshot {name} cannot be taken over ({reason}). Give both instances the same dupsort_hack and schema_tracks_changes, or update Plimsoll.",
  },
  SNAPSHOT_HEADS_DIFFER: {
    retry: false,
    message:
      "Database {database} is of another kind in snapshot {name} than in {other}. Open it with the same flags on every instance, then let both publish again.",
  },
  SNAPSHOT_DATABASE_ORDER: {
    retry: false,
    message:
      "Snapshot {name} has database {database} behind one that sorts after it. Merge it by itself, or let its instance publish with a newer program.",
  },
  ...lmdbErrors,
} as const satisfies Record<string, { retry: boolean; message: string }>;
