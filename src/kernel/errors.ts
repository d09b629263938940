import { comicErrors } from "./comic-errors.js";
import { databaseErrors } from "./database-errors.js";
import type { ErrorOptions, Place } from "./error-place.js";
import { feedErrors } from "./feed-errors.js";
import { publishingErrors } from "./publishing-errors.js";
import { serverErrors } from "./server-errors.js";
import { tableErrors } from "./table-errors.js";

/**
 * The one table of conditions that a user can meet. A message says what happened (`{name}` takes a detail)
 * and ends with the way to mend it; `retry` says whether the same command may succeed when run again
 * unchanged. docs/errors.md is held to this table by a test, in both directions.
 */
export const errorTable = {
  USAGE: { retry: false, message: "{what}. See `plimsoll {command} --help`." },
  SOURCE_NOT_FOUND: {
    retry: false,
    message: "No source matches {source}. Check the path, or quote a glob so that the shell leaves it alone.",
  },
  SOURCE_UNREADABLE: {
    retry: true,
    message: "Cannot read {source} ({reason}). Check its permissions, then run the same command to go on.",
  },
  SOURCE_DAMAGED: {
    retry: false,
    message:
      "{source} is damaged at byte {offset} ({reason}). Everything before it is loaded. Replace the file and load it again: records with a key are recognised, others are passed over with --offset.",
  },
  SOURCE_CHANGED: {
    retry: false,
    message:
      "{source} is not what it was when this import stopped ({reason}). Restore it to resume, or start over with --fresh.",
  },
  MAPPING_INVALID: {
    retry: false,
    message: "{file}: {path} {what}. Mend the mapping, then run the command again.",
  },
  MAPPING_CONFLICT: {
    retry: false,
    message:
      "{target} already holds {entity} with another mapping ({what}). Import with the mapping it has (leave the mapping out, or print it with `plimsoll stats {target} --json`), or move: `plimsoll export {target}`, then import that into a new store with the new mapping.",
  },
  STORE_FOREIGN: {
    retry: false,
    message: "{store} is not a Plimsoll store: {reason}. Choose an empty or new folder for --into.",
  },
  STORE_FORMAT: {
    retry: false,
    message:
      "{store} was written in store format {format}, which this version does not read. Export it with the version that wrote it and load it again.",
  },
  STORE_ABSENT: {
    retry: false,
    message:
      "There is no store at {store}. Check the path, or load one with `plimsoll import SOURCE --into {store}`.",
  },
  STORE_LOCKED: {
    retry: true,
    message:
      "{store} is being written by process {pid}. Wait until that import has ended, or choose another store.",
  },
  STORE_SERVED: {
    retry: true,
    message:
      "{store} has live records of process {pid}. Send more to it (POST /api/records), or stop it and try again.",
  },
  STORE_CHANGED: {
    retry: true,
    message: "{store} was sealed anew while it was read. Run the command again.",
  },
  STORE_FULL: {
    retry: true,
    message:
      "No space is left while writing {store}. Make room on that disk, then run the same command to go on.",
  },
  STORE_UNWRITABLE: {
    retry: true,
    message:
      "Cannot write {store} ({reason}). Check the disk and the permissions there, then run the same command to go on.",
  },
  IMPORT_PENDING: {
    retry: false,
    message:
      "{store} holds an unfinished import of {source}. Run that command again to finish it, or drop it with --fresh.",
  },
  SOURCE_ONCE: {
    retry: false,
    message: "{source} is a stream and can be read only once. Save it to a file to read it again.",
  },
  FORMAT_UNKNOWN: {
    retry: false,
    message:
      "Cannot tell the format of {source} ({reason}). Name it with --format jsonl|json|csv|tsv|ntriples|nquads|turtle|trig|dgraph-rdf|dgraph-json|stackexchange|comics.",
  },
  UNSUPPORTED_ENCODING: {
    retry: false,
    message:
      "{source} is {encoding}, and only UTF-8 is read. Convert it first: iconv -f {encoding} -t UTF-8 {source} > converted.",
  },
  CURSOR_INVALID: {
    retry: false,
    message: "The saved position in {source} cannot be used ({reason}). Start over with --fresh.",
  },
  COMPRESSION_LIMIT: {
    retry: false,
    message:
      "{source} needs {needed} bytes of memory to decompress and {limit} are allowed. Compress it again with a smaller window, or unpack it first.",
  },
  ARCHIVE_UNSUPPORTED: {
    retry: false,
    message:
      "{source} is not read as it is packed: {reason}. Extract it first (7z x), then import the folder with what it held.",
  },
  LINE_TOO_SMALL: {
    retry: false,
    message:
      "A memory line of {line} is too small: {why}. Give at least --memory {minimum}, or raise the container's limit to it.",
  },
  SHARE_OUT_OF_RANGE: {
    retry: false,
    message:
      "{option} is {bytes}, which is outside of what {threads} can use. Give {floor} to {ceiling}, or leave it out.",
  },
  SHARES_TOO_LARGE: {
    retry: false,
    message:
      "The line of {line} does not hold {asked} beside what an import takes. {mend}, or give at least --memory {minimum}.",
  },
  CONFIG_INVALID: {
    retry: false,
    message: "{file}: {what}. Mend it there, or name another file with --config.",
  },
  CONFIG_UNREADABLE: {
    retry: false,
    message:
      "Cannot read the configuration {file} ({reason}). Check its path and permissions, or name another file with --config.",
  },
  WORKER_LOST: {
    retry: true,
    message: "A worker thread is gone ({reason}). Run the same command to go on from the last checkpoint.",
  },
  WORKER_OUT_OF_MEMORY: {
    retry: false,
    message:
      "A worker thread ran out of memory: its heap is bounded to {heapMb} MB. Raise --memory or lower --threads, then run the same command to go on.",
  },
  DECOMPRESSOR_LOST: {
    retry: true,
    message:
      "The command {command}, which decompresses {source}, is gone ({reason}). Make sure that it can run and has memory beside --memory, then run the same command to go on from the last checkpoint.",
  },
  QUERY_INVALID: { retry: false, message: "In the query, {path} {what}. {mend}." },
  REJECTS_FOREIGN: {
    retry: false,
    message: "{path} is there and holds no rejects. Name another file with --rejects, or move that one away.",
  },
  REJECTS_UNWRITABLE: {
    retry: true,
    message:
      "Cannot write the rejects to {path} ({reason}). Make room there or name another file with --rejects, then run the same command to go on.",
  },
  RUN_DAMAGED: {
    retry: false,
    message:
      "The spill file {file} is damaged at byte {offset} ({reason}). Check the disk, then load again with --fresh.",
  },
  BLOCK_DAMAGED: {
    retry: false,
    message:
      "A block of {what} is damaged ({reason}). See the whole extent with `plimsoll verify`, then load it again from its sources.",
  },
  KEY_COLLISIONS: {
    retry: false,
    message:
      "More than {count} different keys share one hash, as only keys made on purpose do. Take that source out, then load again with --fresh.",
  },
  ENTITY_UNCLEAR: {
    retry: false,
    message:
      "Cannot tell which entity {source} holds: {reason}. Give the entity a match in the mapping, or name it with --entity.",
  },
  RUN_MISSING: {
    retry: false,
    message: "The sorted run {file} is not as this import left it. Start over with --fresh.",
  },
  ENTITY_UNKNOWN: {
    retry: false,
    message:
      "{source} holds records of {entity}, which the mapping does not know. Name one of its entities with --entity.",
  },
  RECORD_REJECTED: {
    retry: false,
    message:
      "The import stopped at the first bad record, as --on-error abort asks: {source}, line {line}: {code}: {reason}. Mend it, then run the same command, or set bad records aside with --on-error reject.",
  },
  CONFLICT_REJECTED: {
    retry: false,
    message:
      "A record with the same key came before. Change its key, or choose another rule with --on-conflict.",
  },
  INTERRUPTED: {
    retry: true,
    message: "Interrupted. Everything up to the last checkpoint is kept: run the same command to go on.",
  },
  MAPPING_UNREADABLE: {
    retry: false,
    message:
      "Cannot read the mapping {file}: {reason}. Check the path, or let `plimsoll infer SOURCE` write one.",
  },
  REPORT_UNWRITABLE: {
    retry: false,
    message:
      "The import is done, but its report cannot be written to {path} ({reason}). Name another file with --report.",
  },
  JSON_SYNTAX: { retry: false, message: "The record is not valid JSON: {reason}. Mend the record." },
  NOT_OBJECT: {
    retry: false,
    message: "The record is not a JSON object: {reason}. Give every record as one object.",
  },
  INVALID_UTF8: {
    retry: false,
    message: "The record is not valid UTF-8: {reason}. Convert the source to UTF-8 (iconv -t UTF-8).",
  },
  TOO_DEEP: { retry: false, message: "The record is nested too deeply: {reason}. Flatten the record." },
  TOO_MANY_VALUES: {
    retry: false,
    message:
      "The record has more values in mapped fields than memory allows: {reason}. Raise --memory, or leave that field out of the mapping.",
  },
  TOO_MANY_TERMS: {
    retry: false,
    message:
      "The record has more index entries than the run buffers hold: {reason}. Raise --memory, or index fewer of its fields.",
  },
  FIELD_TYPE: {
    retry: false,
    message: "A field is not of its type: {reason}. Mend the record, or the type in the mapping.",
  },
  FIELD_MISSING: {
    retry: false,
    message: "A required field is missing: {reason}. Mend the record, or take `required` out of the mapping.",
  },
  KEY_MISSING: {
    retry: false,
    message:
      "A field of the key is missing: {reason}. Mend the record, or choose another key in the mapping.",
  },
  KEY_TOO_LONG: {
    retry: false,
    message: "A key is longer than {bytesMax} bytes: {reason}. Choose a shorter field as the key or link.",
  },
  CSV_COLUMNS: {
    retry: false,
    message:
      "The row does not have the header's columns: {reason}. Mend the row, or quote cells that hold delimiters.",
  },
  CSV_QUOTE: {
    retry: false,
    message: "The row's quotes do not match: {reason}. Double every quote within a quoted cell.",
  },
  RECORD_TOO_LARGE: {
    retry: false,
    message: "The record is too large: {reason}. Raise --memory, or take the record out.",
  },
  ITEM_TOO_LARGE: {
    retry: false,
    message:
      'Item {record} takes {bytes}, and batches may hold {budget} in all. Give more as `memory`, split the item, or let it go alone with `onOversize: "alone"`.',
  },
  RECORD_TRUNCATED: {
    retry: false,
    message: "The source ends within a record: {reason}. Fetch the source again, whole.",
  },
  NOSTR_ID: {
    retry: false,
    message:
      "The event's id is not the hash of the event: {reason}. Fetch the event again, or trust ids with --no-check-ids.",
  },
  NOSTR_SIGNATURE: {
    retry: false,
    message:
      "The event's signature does not hold: {reason}. Fetch the event again from where it was published, or leave --verify out.",
  },
  NOTHING_SIGNED: {
    retry: false,
    message:
      "Signatures are to be verified, and the records of {source} are not of a kind that is signed. Give --preset nostr, or leave --verify out.",
  },
  NOSTR_HEX: {
    retry: false,
    message: "The record is no Nostr event: {reason}. Give the event as NIP-01 writes it.",
  },
  NOSTR_EPHEMERAL: {
    retry: false,
    message:
      "The event is ephemeral and is not stored: {reason}. Leave such events out, or pass over these rejects.",
  },
  QUAD_SYNTAX: {
    retry: false,
    message: "The statement is not N-Triples or N-Quads: {reason}. Mend the line and load it again.",
  },
  XML_SYNTAX: {
    retry: false,
    message: "The line is no row of a Stack Exchange dump: {reason}. Mend the line and load it again.",
  },
  TURTLE_SYNTAX: {
    retry: false,
    message:
      "{source} is not {format} from line {line} on ({reason}); what stands before is loaded. Mend it there and load it again: quads that are there already are recognised.",
  },
  DGRAPH_JSON: {
    retry: false,
    message:
      "{source} is not a list of objects in JSON from line {line} on ({reason}); what stands before is loaded. Mend it there and load it again: quads that are there already are recognised.",
  },
  SCHEMA_INVALID: {
    retry: false,
    message: "{file}, line {line}: {what}. Mend the schema, then run the command again.",
  },
  SCHEMA_UNSUPPORTED: {
    retry: false,
    message:
      "{file}, line {line}: {what} is none that there is here, which are {known}. Choose one of them, or take it out.",
  },
  SCHEMA_UNREADABLE: {
    retry: false,
    message: "Cannot read the schema {file}: {reason}. Check the path.",
  },
  QUAD_TYPE: {
    retry: false,
    message:
      "The quad does not fit the type of its predicate: {reason}. Mend the quad, or give the predicate another type.",
  },
  QUAD_LANGUAGE: {
    retry: false,
    message:
      "The quad does not fit the type of its predicate: {reason}. Take the tag away; strings may have one, unless the mapping says tags: false.",
  },
  QUAD_DELETION: {
    retry: false,
    message: "The statement deletes, and an import adds: {reason}. Leave the line out.",
  },
  QUAD_SHAPE: {
    retry: false,
    message: "The record is no quad: {reason}. Give it the members that docs/graph.md names.",
  },
  VALUE_TYPE: {
    retry: false,
    message: "{value} is no value of type {type}. Give one that the field could hold.",
  },
  TEXT_TOO_LONG: {
    retry: false,
    message: "A text of {bytes} bytes is longer than the {bytesMax} that can be looked up. Shorten it.",
  },
  PROGRAM_TOO_LARGE: {
    retry: false,
    message:
      "The mapping of {entity} takes {bytes} bytes and {bytesMax} are there. Map fewer fields, or shorten their paths.",
  },
  ...comicErrors,
  ...databaseErrors,
  ...feedErrors,
  ...publishingErrors,
  ...serverErrors,
  ...tableErrors,
} as const satisfies Record<string, { retry: boolean; message: string }>;

export type ErrorCode = keyof typeof errorTable;

export type ErrorDetails = Record<string, string | number>;

/**
 * A condition: stable `code`, a message that ends with the mend, the `place` and the `cause` where there are
 * any.
 */
export class PlimsollError extends Error {
  override name = "PlimsollError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly place: Place | undefined;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: ErrorOptions = {}) {
    super(formatMessage(errorTable[code].message, details), { cause: options.cause });
    this.code = code;
    this.retryable = errorTable[code].retry;
    this.place = options.place;
    this.details = details;
  }
}

export function isPlimsollError(error: unknown): error is PlimsollError {
  return error instanceof PlimsollError;
}

function formatMessage(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    details[name] === undefined ? whole : String(details[name]),
  );
}
