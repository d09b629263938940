/** Conditions of storages of snapshots, whatever keeps the objects. */
export const storageErrors = {
  STORAGE_ADDRESS: {
    retry: false,
    message:
      "{address} is no place for snapshots ({reason}). Give s3://BUCKET/PREFIX, or file:FOLDER for a folder.",
  },
  STORAGE_ABSENT: {
    retry: false,
    message: "There is no {kind} {storage}. Check its name, or make it first.",
  },
  STORAGE_UNREADABLE: {
    retry: true,
    message:
      "Cannot read {storage} ({reason}). Check the disk and the permissions there, then run the same command.",
  },
  STORAGE_CREDENTIALS: {
    retry: false,
    message:
      "No credentials for {storage} are found ({reason}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws/credentials in AWS_PROFILE.",
  },
  STORAGE_ACCESS: {
    retry: false,
    message:
      "{storage} does not let these credentials in ({reason}). Check the key, its rights on the bucket, and the clock of this machine.",
  },
  STORAGE_REGION: {
    retry: false,
    message: "{storage} is in the region {region}. Set AWS_REGION={region}, then run the same command.",
  },
  STORAGE_UNREACHABLE: {
    retry: true,
    message:
      "{storage} does not answer ({reason}). Check the address and the network, then run the same command.",
  },
  STORAGE_CERTIFICATE: {
    retry: false,
    message:
      "The certificate of {storage} is not trusted here ({reason}). Where its authority is your own, name the authority's certificate in NODE_EXTRA_CA_CERTS; else mend the certificate or the address.",
  },
  STORAGE_BUSY: {
    retry: true,
    message:
      "{storage} turned {attempts} tries away, the last one with {reason}. Wait a while, then run the same command.",
  },
  STORAGE_FAILED: {
    retry: false,
    message: "{storage} did not do its part ({reason}). Mend what it names, then run the same command.",
  },
  SNAPSHOT_TOO_LARGE: {
    retry: false,
    message:
      "{name} has more than {bytesMax}, the most that {storage} takes as one object. Split what is stored.",
  },
  STORAGE_NAME: {
    retry: false,
    message:
      "{name} cannot be the name of an object ({reason}). Use ASCII letters, digits, `-`, `_` and `.`, with `/` between folders.",
  },
  SNAPSHOT_ABSENT: {
    retry: true,
    message:
      "There is no {name} in {storage}. List what is there with `plimsoll snapshot list`; it may have been cleaned away since.",
  },
  SNAPSHOT_NAME_TAKEN: {
    retry: false,
    message:
      "{storage} has a {name} already, of another writer. Give each instance a name of its own, and run the same command.",
  },
  STORAGE_UNCONDITIONAL: {
    retry: false,
    message:
      "{storage} cannot refuse a name that is taken ({reason}), and {name} was to be new. Write it without that, or use a storage with conditional writes.",
  },
  SNAPSHOT_CHANGED: {
    retry: true,
    message: "{name} in {storage} was replaced while it was read. Run the same command again.",
  },
  SNAPSHOT_CUT: {
    retry: true,
    message:
      "{name} came from {storage} otherwise than it is stored ({reason}). Run the same command again; if that happens each time, write the object anew.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
