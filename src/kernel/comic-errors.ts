/** Conditions that only comics and their libraries meet: a part of the one table in errors.ts. */
export const comicErrors = {
  COMICS_ROOT: {
    retry: false,
    message: "{source} is no library of comics ({reason}). Name the one folder that holds the archives.",
  },
  COMICS_UNMOUNTED: {
    retry: true,
    message:
      "{source} looks unmounted ({reason}), and nothing was removed. Mount it, then run the same command; if it is empty on purpose, remove {catalogue} and the comics from the target.",
  },
  COMICS_OTHER_ROOT: {
    retry: false,
    message:
      "The target holds the comics of {former}, and {source} is another folder. Choose another target for another library; if the library was moved, remove {catalogue}, and all its archives are read again.",
  },
  COMICS_CATALOGUE: {
    retry: false,
    message:
      "{catalogue} is damaged ({reason}). Remove it: the next import reads all archives again; comics that are gone since the last one stay.",
  },
  COMIC_EMPTY: {
    retry: false,
    message: "The archive is empty: {reason}. Replace the file; the next import reads it.",
  },
  COMIC_TYPE: {
    retry: false,
    message: "The archive is not read: {reason}. Pack its pages as CBZ or CBT; the next import reads it.",
  },
  COMIC_TRUNCATED: {
    retry: false,
    message: "The archive is not whole: {reason}. Replace the file; the next import reads it.",
  },
  COMIC_DAMAGED: {
    retry: false,
    message: "The archive is damaged: {reason}. Replace the file; the next import reads it.",
  },
  COMIC_ENCRYPTED: {
    retry: false,
    message: "The archive is encrypted: {reason}. Pack its pages without a password.",
  },
  COMIC_TOO_LARGE: {
    retry: false,
    message:
      "The archive goes beyond what a comic has: {reason}. Pack its pages anew, without what is too large.",
  },
  COMIC_NAMES: {
    retry: false,
    message:
      "The archive or its entries have names that are not taken: {reason}. Rename what is named there.",
  },
  COMIC_METADATA: {
    retry: false,
    message: "The metadata is made to harm: {reason}. Take the file of metadata out of the archive.",
  },
  COMIC_UNREADABLE: {
    retry: true,
    message: "The archive cannot be read: {reason}. Check its permissions and its disk.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
