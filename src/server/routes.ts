import { rowKey } from "../settings/index.js";
import type { Exchange } from "./exchange.js";
import { importRows } from "./import-options.js";
import { getImport, getImports, postCancel, postImport, postResume } from "./import-routes.js";
import { getPage, getPageFile } from "./page-files.js";
import { postQuery } from "./query-routes.js";
import { getHealth, getStore } from "./store-routes.js";
import type { Scope } from "./tokens.js";

export interface Parameter {
  name: string;
  /** As in JSON Schema. */
  type: "string" | "integer" | "boolean";
  description: string;
  choices?: readonly string[];
}

export interface Answer {
  status: number;
  description: string;
  /** Absent for an answer without a body. */
  contentType?: string;
}

/** One way into the server: what is asked, who may, what comes back. The description of the interface is made of it. */
export interface Route {
  method: "GET" | "POST";
  /** With {names} for the parts that stand for something. */
  path: string;
  /** Null: it holds no data, and needs no token. */
  scope: Scope | null;
  summary: string;
  parameters: readonly Parameter[];
  /** Content types of the body; absent where none is read. */
  body?: { description: string; contentTypes: readonly string[] };
  answers: readonly Answer[];
  /** Failures that it can end with, beside those that every route has. */
  failures: readonly number[];
  handle: (exchange: Exchange) => Promise<void>;
}

const json = "application/json";
const lines = "application/x-ndjson";
const html = "text/html";

const importParameters: readonly Parameter[] = [
  ...importRows().map((row): Parameter => {
    const type = row.type === "flag" ? "boolean" : row.type === "count" ? "integer" : "string";
    const { choices } = row;
    return { name: rowKey(row), type, description: row.help, ...(choices ? { choices } : {}) };
  }),
  { name: "name", type: "string", description: "name of the file, for a raw body: tells format and entity" },
];

const importBody = {
  description: "the file itself, or a form with it in the field `file`; compressed or not",
  contentTypes: ["application/octet-stream", "multipart/form-data"],
};

const importAnswers: readonly Answer[] = [
  {
    status: 200,
    description: "progress as lines, the report last; or the report alone",
    contentType: lines,
  },
  {
    status: 202,
    description: "with `Prefer: respond-async`: the body is read, and the import goes on",
    contentType: json,
  },
];

const importFailures = [400, 409, 413, 422, 503, 507];

export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/healthz",
    scope: null,
    summary: "whether the server answers",
    parameters: [],
    answers: [{ status: 200, description: "it does", contentType: json }],
    failures: [],
    handle: getHealth,
  },
  {
    method: "GET",
    path: "/",
    scope: null,
    summary: "the page",
    parameters: [],
    answers: [
      { status: 200, description: "the page", contentType: html },
      { status: 304, description: "it has not changed" },
    ],
    failures: [404],
    handle: getPage,
  },
  {
    method: "GET",
    path: "/page/{file}",
    scope: null,
    summary: "a part of the page",
    parameters: [],
    answers: [
      { status: 200, description: "the file", contentType: "*/*" },
      { status: 304, description: "it has not changed" },
    ],
    failures: [404],
    handle: getPageFile,
  },
  {
    method: "GET",
    path: "/api/store",
    scope: "read",
    summary: "what the store holds, and the memory line",
    parameters: [],
    answers: [{ status: 200, description: "statistics, or null without a store", contentType: json }],
    failures: [503],
    handle: getStore,
  },
  {
    method: "POST",
    path: "/api/query",
    scope: "read",
    summary: "records that match a filter, their number, or the plan",
    parameters: [],
    body: { description: "filter or nostr, and count or explain", contentTypes: [json] },
    answers: [{ status: 200, description: "records as lines, or one JSON object", contentType: lines }],
    failures: [400, 404, 413, 503],
    handle: postQuery,
  },
  {
    method: "POST",
    path: "/api/import",
    scope: "write",
    summary: "import a file while it arrives",
    parameters: importParameters,
    body: importBody,
    answers: importAnswers,
    failures: importFailures,
    handle: postImport,
  },
  {
    method: "GET",
    path: "/api/imports",
    scope: "read",
    summary: "the imports since the server was started, newest first",
    parameters: [],
    answers: [{ status: 200, description: "the imports", contentType: json }],
    failures: [],
    handle: getImports,
  },
  {
    method: "GET",
    path: "/api/imports/{id}",
    scope: "read",
    summary: "one import with its timeline, decisions and report",
    parameters: [],
    answers: [{ status: 200, description: "the import", contentType: json }],
    failures: [404],
    handle: getImport,
  },
  {
    method: "POST",
    path: "/api/imports/{id}/cancel",
    scope: "write",
    summary: "stop an import at its next checkpoint",
    parameters: [],
    answers: [{ status: 202, description: "it stops", contentType: json }],
    failures: [404, 409],
    handle: postCancel,
  },
  {
    method: "POST",
    path: "/api/imports/{id}/resume",
    scope: "write",
    summary: "go on with an import that stopped, from the same bytes",
    parameters: [],
    body: importBody,
    answers: importAnswers,
    failures: [404, ...importFailures],
    handle: postResume,
  },
];
