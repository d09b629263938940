/** Conditions that only a server meets: a part of the one table in errors.ts. */
export const serverErrors = {
  REQUEST_INVALID: {
    retry: false,
    message: "The request cannot be served: {what}. See /openapi.json for what is taken.",
  },
  ROUTE_UNKNOWN: {
    retry: false,
    message: "There is nothing at {method} {path}. See /openapi.json for what there is.",
  },
  METHOD_UNKNOWN: {
    retry: false,
    message: "{path} does not take {method}. Use {methods}.",
  },
  REQUEST_REFUSED: {
    retry: false,
    message:
      "A server without tokens answers only to its own address, and {what}. Open the page by the address that the server printed, or start the server with --tokens.",
  },
  TOKEN_MISSING: {
    retry: false,
    message: "This needs a token, and {what}. Send one as `Authorization: Bearer TOKEN`.",
  },
  TOKEN_TOO_WEAK: {
    retry: false,
    message: "This needs a token with the scope {scope}. Make one with `plimsoll token add --scope {scope}`.",
  },
  TOKENS_INVALID: {
    retry: false,
    message: "The tokens in {file} cannot be used ({reason}). Mend the file, or name another with --tokens.",
  },
  TOKEN_UNKNOWN: {
    retry: false,
    message: "{file} has no token {name}. See which there are with `plimsoll token list`.",
  },
  BODY_TOO_LARGE: {
    retry: false,
    message: "The body of this request may have {bytesMax} bytes. Send less.",
  },
  UPLOAD_BROKEN_OFF: {
    retry: true,
    message:
      "The upload of {source} broke off ({reason}). Everything up to the last checkpoint is kept: send the same bytes again to go on.",
  },
  IMPORT_CANCELLED: {
    retry: false,
    message:
      "The import of {source} was cancelled. Everything up to the last checkpoint is kept: send the same bytes to its `resume` to go on.",
  },
  IMPORT_UNKNOWN: {
    retry: false,
    message: "There is no import {id}, or it is too long ago. See which there are at /api/imports.",
  },
  IMPORT_STATE: {
    retry: false,
    message: "The import {id} is {state}. {mend}.",
  },
  TOO_MANY_REJECTS: {
    retry: false,
    message:
      "The import of {source} is done, and {rejected} records were set aside where at most {rejectsMax} may be. Mend them, then load them again.",
  },
  SERVER_BUSY: {
    retry: true,
    message: "The server has no room for {what} now. Try again in a few seconds.",
  },
  SERVER_STOPPING: {
    retry: true,
    message:
      "The server is being stopped. An import is kept up to its last checkpoint: send the same bytes again to go on.",
  },
  SERVER_UNSAFE: {
    retry: false,
    message:
      "Without tokens anybody who reaches {host} could read and write. Make a token with `plimsoll token add --tokens FILE` and give --tokens FILE, or leave --host out.",
  },
  STORE_NOT_NOSTR: {
    retry: false,
    message:
      "{store} does not hold Nostr events, so that there is no relay for it. Serve a store that was made with --preset nostr.",
  },
  RELAY_MESSAGE: {
    retry: false,
    message: "A message to the relay is not right: {what}. See docs/relay.md for what it takes.",
  },
  SERVER_UNREACHABLE: {
    retry: true,
    message: "The server cannot listen on {host}:{port} ({reason}). Choose another --port or --host.",
  },
} as const satisfies Record<string, { retry: boolean; message: string }>;
