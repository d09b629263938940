/** Conditions of commands about snapshots and of syncing. */
export const syncErrors = {
  SYNC_TOO_MANY: {
    retry: false,
    message:
      "{storage} has snapshots of more than {most} instances. Clean up those that are gone, or give this database a prefix of its own.",
  },
  SNAPSHOT_FILE: {
    retry: true,
    message:
      "{path} cannot be written ({reason}). Check its folder and permissions, then run the same command.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
