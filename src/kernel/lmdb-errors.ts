/** Conditions of the LMDB databases of other applications. */
export const lmdbErrors = {
  LMDB_ABSENT: {
    retry: false,
    message:
      "There is no LMDB database at {path} ({reason}). Name the folder that data.mdb is in, or the file itself where it has no folder.",
  },
  LMDB_ACCESS: {
    retry: true,
    message:
      "{path} cannot be opened for reading and writing ({reason}). LMDB needs both, for its lock too. Run as the application's user, or give this one the rights, then run the same command.",
  },
  LMDB_FOREIGN: {
    retry: false,
    message: "{path} is not an LMDB database ({reason}). Check the path, or restore the file.",
  },
  LMDB_FORMAT: {
    retry: false,
    message:
      "{path} is in version {version} of LMDB's data format, which cannot be read here: LMDB 0.9 writes version 1, lmdb for Node version 2. Write it out with the mdb_dump of the LMDB that made it, and load that with mdb_load 0.9 into a new folder.",
  },
  LMDB_BUILD_ABSENT: {
    retry: false,
    message:
      "{path} is in the data format of LMDB 0.9, and the build of lmdb for it is not here ({reason}). Run `LMDB_DATA_V1=true npm_config_build_from_source=true npm install --no-save lmdb-data-v1@npm:lmdb@{version}` in {folder} (a minute, with a C++ compiler, make and Python), then run the same command.",
  },
  LMDB_DAMAGED: {
    retry: false,
    message:
      "{path} is damaged at page {page} ({reason}). Nothing was changed. Restore it, or load what mdb_dump still gets out of it into a new folder.",
  },
  LMDB_FAILED: {
    retry: true,
    message:
      "LMDB did not do its part with {path} ({reason}). Mend what it names, then run the same command.",
  },
  LMDB_MAP_FULL: {
    retry: false,
    message:
      "{path} has reached its map size of {mapSize} bytes. What was merged before stays. Give a larger one as map_size, the same as the application, then run the same command.",
  },
  LMDB_VALUE_TOO_LARGE: {
    retry: false,
    message:
      "The value of key {key} (hex) has {bytes} bytes, more than the {most} that are taken. Remove it there, or leave its database out.",
  },
  LMDB_SCHEMA: {
    retry: false,
    message: "{path}: database {dbi} {what}. Choose the other schema, or leave the database out.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
