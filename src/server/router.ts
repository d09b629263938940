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

/** The route of a request; null for a path that is there and takes another method. */
export function findRoute(method: string, path: string): Found {
  const fixed = fixedRoutes.get(`${method} ${path}`);
  if (fixed !== undefined) return { route: fixed, path: {} };
  const matches = patterns.flatMap(({ route, pattern }) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ route, path: { ...match.groups } as Record<string, string> }];
  });
  const found = matches.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  throw new PlimsollError("ROUTE_UNKNOWN", { method, path: path.slice(0, 64) });
}

/** Methods that a path takes: empty for one that is not there. */
export function methodsOf(path: string): string[] {
  return patterns.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route.method);
}
