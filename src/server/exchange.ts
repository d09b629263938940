import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResolvedLine } from "../memory/index.js";
import type { Relay } from "../relay/index.js";
import type { OptionValues } from "../settings/index.js";
import { ClientGone } from "./client-gone.js";
import type { ImportQueue } from "./import-queue.js";
import type { LiveRecords } from "./live-records.js";
import type { PageFiles } from "./page-files.js";
import type { ServerCounts } from "./server-counts.js";
import type { ServerLimits } from "./server-limits.js";
import type { SnapshotSettings, SnapshotWork } from "./snapshots/index.js";
import type { StoreAccess } from "./store-access.js";
import type { StoreSummary } from "./store-summary.js";

export interface ServerSettings {
  storePath: string;
  host: string;
  port: number;
  /** The memory options, as the command line gave them. */
  values: OptionValues;
  line: ResolvedLine;
  /** Null: nobody is asked for a token, and only this machine may come. */
  tokensFile: string | null;
  /** Where the page was built. */
  pageDir: string;
  version: string;
  /** Syncs and the replica that go on beside the answers; none unless told. */
  snapshots?: SnapshotSettings;
  /** Where they are to differ from the usual ones. */
  limits?: Partial<ServerLimits>;
  /** For the log: notices and unexpected errors. */
  note: (text: string) => void;
}

/** What the answers are made from; one of each for as long as the server lives. */
export interface ServerParts {
  settings: ServerSettings;
  limits: ServerLimits;
  imports: ImportQueue;
  store: StoreAccess;
  live: LiveRecords;
  relay: Relay;
  snapshots: SnapshotWork;
  summary: StoreSummary;
  page: PageFiles;
  counts: ServerCounts;
}

interface ExchangeOptions {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  path: Record<string, string>;
  /** Aborted when the server stops. */
  stopping: AbortSignal;
}

/** One request on its way to its answer. */
export class Exchange implements ServerParts {
  readonly settings: ServerSettings;
  readonly limits: ServerLimits;
  readonly imports: ImportQueue;
  readonly store: StoreAccess;
  readonly live: LiveRecords;
  readonly relay: Relay;
  readonly snapshots: SnapshotWork;
  readonly summary: StoreSummary;
  readonly page: PageFiles;
  readonly counts: ServerCounts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Checked against the route's: every one is known, and comes once. */
  readonly query: URLSearchParams;
  /** The parts of the path that stand for something, such as `id`. */
  readonly path: Record<string, string>;
  readonly #stopping: AbortSignal;
  #signal: AbortSignal | null = null;

  constructor(parts: ServerParts, { request, response, query, path, stopping }: ExchangeOptions) {
    this.settings = parts.settings;
    this.limits = parts.limits;
    this.imports = parts.imports;
    this.store = parts.store;
    this.live = parts.live;
    this.relay = parts.relay;
    this.snapshots = parts.snapshots;
    this.summary = parts.summary;
    this.page = parts.page;
    this.counts = parts.counts;
    this.request = request;
    this.response = response;
    this.query = query;
    this.path = path;
    this.#stopping = stopping;
  }

  /**
   * Aborted when the client has gone or the server stops. Made when it is asked for: most answers are done at
   * once, and a signal costs as much as all the rest.
   */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.#stopping, goneSignal(this.response)]);
    return this.#signal;
  }
}

/** Aborted when the client has gone. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const leave = () => gone.abort(new ClientGone());
  if (response.closed) leave();
  else response.once("close", leave);
  return gone.signal;
}
