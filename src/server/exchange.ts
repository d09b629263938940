import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResolvedLine } from "../memory/index.js";
import type { OptionValues } from "../settings/index.js";
import type { ImportQueue } from "./import-queue.js";
import type { LiveRecords } from "./live-records.js";
import type { PageFiles } from "./page-files.js";
import type { ServerCounts } from "./server-counts.js";
import type { ServerLimits } from "./server-limits.js";
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
  summary: StoreSummary;
  page: PageFiles;
  counts: ServerCounts;
}

/** One request on its way to its answer. */
export interface Exchange extends ServerParts {
  request: IncomingMessage;
  response: ServerResponse;
  /** Checked against the route's: every one is known, and comes once. */
  query: URLSearchParams;
  /** The parts of the path that stand for something, such as `id`. */
  path: Record<string, string>;
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal;
}
