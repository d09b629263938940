import { PlimsollError } from "../kernel/index.js";
import type { Route } from "./route.js";
import { routes } from "./routes.js";

export interface Found {
  route: Route;
  path: Record<string, string>;
}

const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }));

/** Most paths have nothing in them that stands for something, and are found at once. */
const fixedRoutes = new Map(
  routes.filter(({ path }) => !path.includes("{")).map((route) => [`${route.method} ${route.path}`, route]),
);

/** The last part of a path may have slashes in it; the others end at one. */
function patternOf(path: string): RegExp {
  const text = path
    .replace(/[.]/g, "\\.")
    .replace(/\{file\}$/, "(?<file>.+)")
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${text}$`);
}

/**
 * The route of a request. A HEAD is a GET whose answer has no body; where a GET may take its time, or goes on
 * for as long as somebody listens, there is none.
 */
export function findRoute(asked: string, path: string): Found {
  const method = asked === "HEAD" ? "GET" : asked;
  const found = routeOf(method, path);
  const isTaken = found !== null && (asked !== "HEAD" || found.route.isBrief === true);
  if (isTaken) return found;
  const methods = methodsOf(path);
  const shown = path.slice(0, 64);
  if (methods.length === 0) throw new PlimsollError("ROUTE_UNKNOWN", { method: asked, path: shown });
  throw new PlimsollError("METHOD_UNKNOWN", { method: asked, path: shown, methods: methods.join(", ") });
}

function routeOf(method: string, path: string): Found | null {
  const fixed = fixedRoutes.get(`${method} ${path}`);
  if (fixed !== undefined) return { route: fixed, path: {} };
  const matches = patterns.flatMap(({ route, pattern }) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ route, path: { ...match.groups } as Record<string, string> }];
  });
  return matches.find(({ route }) => route.method === method) ?? null;
}

/** Methods that a path takes: empty for one that is not there. */
export function methodsOf(path: string): string[] {
  const found = patterns.filter(({ pattern }) => pattern.test(path));
  return found.flatMap(({ route }) => (route.isBrief === true ? [route.method, "HEAD"] : [route.method]));
}
