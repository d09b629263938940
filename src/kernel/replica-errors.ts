/** Conditions of copies of a store that are pushed and pulled. */
export const replicaErrors = {
  REPLICA_EMPTY: {
    retry: false,
    message:
      "{store} has nothing sealed yet, so there is nothing to push. Import into it (`plimsoll import SOURCE --into {store}`), then push again.",
  },
  REPLICA_ABSENT: {
    retry: false,
    message:
      "{storage} has no copy of {name}{from}. Push one with `plimsoll snapshot push STORE URL`, or see what is there with `plimsoll snapshot list URL`.",
  },
  REPLICA_NAMES: {
    retry: false,
    message: "{storage} has copies of several stores: {names}. Name one with --database.",
  },
  REPLICA_SEVERAL: {
    retry: false,
    message: "{storage} has copies of {name} by several instances: {instances}. Name one with --from.",
  },
  REPLICA_FOREIGN: {
    retry: false,
    message:
      "{store} cannot take in what {instance} pushed: {reason}. Pull into a new folder and use that, or remove {store} first.",
  },
  REPLICA_DAMAGED: {
    retry: false,
    message:
      "{object} in {storage} is damaged ({reason}), and nothing of it is visible. Remove it there, push the store again from {instance}, then pull again.",
  },
  REPLICA_PART_ABSENT: {
    retry: false,
    message:
      "{object} is not in {storage}, and {manifest} needs it. Push the store again from {instance}, then pull again.",
  },
  STORE_NOT_SERVED: {
    retry: false,
    message:
      "This server syncs databases and has no store to write into. Start it with one: `plimsoll serve STORE --sync FILE`.",
  },
  REPLICA_READ_ONLY: {
    retry: false,
    message:
      "{store} is served as a replica, which takes no writes. Write into the store that it copies: what is pushed from there comes here by itself. To have this one on its own, start the server without --replica-of.",
  },
  REPLICA_TOO_LARGE: {
    retry: false,
    message: "A copy of {store} would have more than {partsMax} parts. Split its data over several stores.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
