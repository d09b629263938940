import { sendJson } from "./answers.js";
import type { Route } from "./route.js";

/** Failures that any route can end with. */
const commonFailures = { none: [400, 403, 500], scoped: [400, 401, 403, 500] } as const;

const failureTexts: Record<number, string> = {
  400: "the request is not right",
  401: "a token is needed",
  403: "the token does not allow it, or the request comes from elsewhere",
  404: "it is not there",
  409: "it is in the way of something else",
  413: "the body is too large",
  422: "the file was read, and is not all right",
  500: "the server's own trouble",
  503: "not now: try again",
  507: "the disk is full",
};

/** `GET /openapi.json`: the interface, from the table that the server answers by. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  return {
    method: "GET",
    path: "/openapi.json",
    isBrief: true,
    scope: null,
    summary: "this description",
    parameters: [],
    answers: [{ status: 200, description: "OpenAPI 3.1", contentType: "application/json" }],
    failures: [],
    handle: async ({ response, settings }) => sendJson(response, 200, describe(routes(), settings.version)),
  };
}

export function describe(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Plimsoll",
      version,
      description: "A store that is loaded, queried and watched over HTTP.",
    },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Failure: failureSchema },
    },
  };
}

function operationOf(route: Route): Record<string, unknown> {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = route.parameters.map(({ name, type, description, choices }) => ({
    name,
    in: "query",
    required: false,
    description,
    schema: choices === undefined ? { type } : { type, enum: choices },
  }));
  return {
    summary: route.summary,
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body) }),
    responses: responsesOf(route),
    security: route.scope === null ? [] : [{ token: [route.scope] }],
  };
}

function bodyOf(body: NonNullable<Route["body"]>): Record<string, unknown> {
  const content = Object.fromEntries(body.contentTypes.map((type) => [type, { schema: {} }]));
  return { required: true, description: body.description, content };
}

function responsesOf(route: Route): Record<string, unknown> {
  const responses: Record<string, unknown> = {};
  for (const { status, description, contentType } of route.answers) {
    const content = contentType === undefined ? {} : { content: { [contentType]: { schema: {} } } };
    responses[status] = { description, ...content };
  }
  const common = route.scope === null ? commonFailures.none : commonFailures.scoped;
  for (const status of new Set([...common, ...route.failures])) {
    const schema = { $ref: "#/components/schemas/Failure" };
    responses[status] = {
      description: failureTexts[status],
      content: { "application/json": { schema } },
    };
  }
  return responses;
}

const failureSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
    report: { type: ["object", "null"], description: "of an import: how far it came" },
  },
};
