import { exportFormats } from "../query/index.js";
import { rowKey } from "../settings/index.js";
import { getEvents, getImportEvents } from "./event-routes.js";
import { getExport } from "./export-route.js";
import { documentNames, importRows } from "./import-options.js";
import { getImport, getImports, postCancel, postImport, postResume } from "./import-routes.js";
import { getMetrics } from "./metrics-route.js";
import { openApiRoute } from "./openapi.js";
import { postQuery } from "./query-routes.js";
import { postRecords } from "./records-route.js";
import type { Answer, Parameter, Route } from "./route.js";
import { getHealth, getSnapshots } from "./snapshot-routes.js";
import { getPage, getPageFile, getStore } from "./store-routes.js";

const json = "application/json";
const lines = "application/x-ndjson";
const quads = "application/n-quads";
const html = "text/html";
const events = "text/event-stream";

const importParameters: readonly Parameter[] = [
  ...importRows().map((row): Parameter => {
    const type = row.type === "flag" ? "boolean" : row.type === "count" ? "integer" : "string";
    const { choices } = row;
    const name = rowKey(row);
    const isDocument = documentNames.includes(name);
    const description = isDocument ? `${row.help}: its text, here or in a field before the file` : row.help;
    return { name, type, description, ...(choices ? { choices } : {}) };
  }),
  { name: "name", type: "string", description: "name of the file, for a raw body: tells format and entity" },
];

const exportParameters: readonly Parameter[] = [
  { name: "format", type: "string", description: "jsonl unless told", choices: [...exportFormats] },
  { name: "entity", type: "string", description: "records of this entity alone" },
  { name: "filter", type: "string", description: "a filter as JSON, without order and limit" },
  { name: "nostr", type: "string", description: "a NIP-01 filter, or a list of them, without limit" },
  { name: "cursor", type: "string", description: "key of the last record that arrived: go on behind it" },
  { name: "places", type: "boolean", description: "each line is an object of the record and its place" },
  { name: "after", type: "integer", description: "place of the last record that arrived: go on behind it" },
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

const importFailures = [400, 409, 422, 503, 507];

const exportRoute: Omit<Route, "method"> = {
  path: "/api/export",
  scope: "read",
  summary: "everything, or everything that matches, by rising record id",
  parameters: exportParameters,
  answers: [{ status: 200, description: "records as lines or rows", contentType: lines }],
  failures: [404, 503],
  handle: getExport,
};

/** The whole interface: the server answers by it, and describes itself by it. */
export const routes: readonly Route[] = [
  openApiRoute(() => routes),
  {
    method: "GET",
    path: "/healthz",
    isBrief: true,
    scope: null,
    summary: "whether the server answers, and how its snapshots go",
    parameters: [],
    answers: [
      { status: 200, description: "ok, or degraded: something has failed for a while", contentType: json },
      { status: 503, description: "failing: it has for long", contentType: json },
    ],
    failures: [],
    handle: getHealth,
  },
  {
    method: "GET",
    path: "/",
    isBrief: true,
    scope: null,
    summary: "the page; what the relay is; and by an upgrade the relay itself (docs/relay.md)",
    parameters: [],
    answers: [
      { status: 101, description: "a WebSocket that speaks NIP-01" },
      { status: 200, description: "the page, or the document of NIP-11", contentType: html },
      { status: 304, description: "it has not changed" },
    ],
    failures: [404, 409, 503],
    handle: getPage,
  },
  {
    method: "GET",
    path: "/page/{file}",
    isBrief: true,
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
  { method: "GET", ...exportRoute },
  { method: "POST", ...exportRoute },
  {
    method: "POST",
    path: "/api/records",
    scope: "write",
    summary: "write or delete a few records: durable when answered, and seen by every query from then on",
    parameters: [
      { name: "entity", type: "string", description: "what the records are; needed where there are several" },
      { name: "preset", type: "string", description: "the mapping of a store that is not there yet" },
      {
        name: "op",
        type: "string",
        description: "set unless told; delete takes out the records with these keys",
        choices: ["set", "delete"],
      },
    ],
    body: {
      description: "one record, an array of them, or lines; statements of N-Quads for quads",
      contentTypes: [json, lines, quads],
    },
    answers: [{ status: 200, description: "what became of each record", contentType: json }],
    failures: [400, 404, 409, 413, 503, 507],
    handle: postRecords,
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
    summary: "the imports, newest first, of former servers too",
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
    method: "GET",
    path: "/api/imports/{id}/events",
    scope: "read",
    summary: "what happens to one import, as it happens",
    parameters: [],
    answers: [{ status: 200, description: "server-sent events", contentType: events }],
    failures: [404, 503],
    handle: getImportEvents,
  },
  {
    method: "GET",
    path: "/api/events",
    scope: "read",
    summary: "what happens to all imports and to the store, as it happens",
    parameters: [],
    answers: [{ status: 200, description: "server-sent events", contentType: events }],
    failures: [503],
    handle: getEvents,
  },
  {
    method: "GET",
    path: "/api/snapshots",
    scope: "read",
    summary: "syncs and the replica: snapshots by instance, their age, and what fails",
    parameters: [],
    answers: [
      { status: 200, description: "how they stand; null for what there is none of", contentType: json },
    ],
    failures: [],
    handle: getSnapshots,
  },
  {
    method: "GET",
    path: "/metrics",
    isBrief: true,
    scope: "read",
    summary: "numbers for Prometheus",
    parameters: [],
    answers: [{ status: 200, description: "the numbers", contentType: "text/plain" }],
    failures: [],
    handle: getMetrics,
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
