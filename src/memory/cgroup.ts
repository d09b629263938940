import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { cgroupSearchMax, limitBytesUnlimited } from "../kernel/index.js";

/** A limit that was looked at. `bytes` is null where the file says that there is none. */
export interface SeenLimit {
  name: string;
  bytes: number | null;
  path: string;
  /** False for what is shown but does not bound resident memory. */
  counted: boolean;
  note?: string;
}

export type BoundedLimit = SeenLimit & { bytes: number };

/** The group that binds this process: the one with the smallest limit, or its own when none has one. */
export interface CgroupLocation {
  version: 1 | 2;
  path: string;
  limitBytes: number | null;
}

export interface CgroupLimits {
  limits: SeenLimit[];
  /** Own memory groups, one a hierarchy (both versions may be mounted). */
  location: CgroupLocation | null;
}

/** A memory hierarchy as this process sees it: the group's path and where its tree is mounted. */
interface Hierarchy {
  version: 1 | 2;
  groupPath: string;
  mountRoot: string;
  mountPoint: string;
}

const filesOf = {
  1: ["memory.limit_in_bytes"],
  2: ["memory.max", "memory.high"],
} as const;

/** Every memory limit of this process's control groups and of all their ancestors that are visible here. */
export function readCgroupLimits(root = ""): CgroupLimits {
  const limits: SeenLimit[] = [];
  const seen = new Set<string>();
  let location: CgroupLocation | null = null;
  for (const hierarchy of hierarchiesOf(root)) {
    const folders = groupFolders(hierarchy, root);
    // The own group may not be there by its name, as in a container within a container: then the nearest that
    // is there stands for it.
    let isNearest = true;
    for (const folder of folders) {
      if (seen.has(folder)) continue;
      seen.add(folder);
      const found = limitsIn(hierarchy.version, folder, root, isNearest);
      if (found.length === 0) continue;
      limits.push(...found);
      const limitBytes = tightest(found)?.bytes ?? null;
      const binds = limitBytes !== null && limitBytes < (location?.limitBytes ?? Infinity);
      if (binds || (isNearest && location === null)) {
        location = { version: hierarchy.version, path: join(root, folder), limitBytes };
      }
      isNearest = false;
    }
  }
  return { limits, location };
}

/** The smallest limit that counts. */
export function tightest(limits: readonly SeenLimit[]): BoundedLimit | null {
  const bounded = limits.filter((limit): limit is BoundedLimit => limit.counted && limit.bytes !== null);
  return bounded.reduce<BoundedLimit | null>(
    (least, limit) => (least !== null && least.bytes <= limit.bytes ? least : limit),
    null,
  );
}

/** Reads a file of /proc or /sys; undefined where it is missing or closed to us. */
export function readText(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

/** "max" and numbers near 2^63 mean unlimited; undefined is no number at all. */
export function parseLimit(text: string): number | null | undefined {
  const word = text.trim();
  if (word === "max" || word === "-1" || word === "unlimited") return null;
  if (!/^\d+$/.test(word)) return undefined;
  const bytes = Number(word);
  return bytes >= limitBytesUnlimited ? null : bytes;
}

function limitsIn(version: 1 | 2, folder: string, root: string, isNearest: boolean): SeenLimit[] {
  const found: SeenLimit[] = [];
  const add = (name: string, path: string, text: string | undefined) => {
    const bytes = text === undefined ? undefined : parseLimit(text);
    if (bytes === undefined) return;
    const seen = { name: `cgroup v${version} ${name}`, bytes, path };
    // A zero there makes the kernel reclaim and is soon taken back: it says nothing of how much may be used.
    const isReclaim = name === "memory.high" && bytes === 0;
    found.push({ ...seen, counted: !isReclaim, ...(isReclaim ? { note: "0 asks for reclaim" } : {}) });
  };
  for (const name of filesOf[version]) {
    const path = posix.join(folder, name);
    add(name, path, readText(root, path));
  }
  if (version === 1 && isNearest) {
    // This one also counts ancestors above what is mounted here, which no file shows otherwise.
    const path = posix.join(folder, "memory.stat");
    const line = /^hierarchical_memory_limit (\d+)$/m.exec(readText(root, path) ?? "");
    add("hierarchical_memory_limit", path, line?.[1]);
  }
  return found;
}

/** Own folder first, then its ancestors up to the mount point. */
function groupFolders(hierarchy: Hierarchy, root: string): string[] {
  const { mountPoint } = hierarchy;
  const relative = relativeGroup(hierarchy, root);
  const folders: string[] = [];
  for (let path = relative; path !== "/" && path !== "."; path = posix.dirname(path)) {
    folders.push(posix.join(mountPoint, path));
  }
  folders.push(mountPoint);
  return folders;
}

/** The group's path below the mount point. */
function relativeGroup(hierarchy: Hierarchy, root: string): string {
  const { groupPath, mountRoot, mountPoint } = hierarchy;
  if (mountRoot.startsWith("/..")) return searchOwnGroup(mountPoint, mountRoot, root);
  // A group outside of the namespace's root cannot be reached from here: the mount point is what is left.
  if (groupPath.startsWith("/..")) return "/";
  if (mountRoot === "/") return groupPath;
  if (groupPath === mountRoot) return "/";
  if (groupPath.startsWith(`${mountRoot}/`)) return groupPath.slice(mountRoot.length);
  return groupPath;
}

/**
 * The namespace was entered after the tree was mounted: the tree reaches above the namespace's root, and the
 * names between are hidden. The own group is then the folder, that many levels down or deeper, which lists
 * this process.
 */
function searchOwnGroup(mountPoint: string, mountRoot: string, root: string): string {
  const pid = /^Pid:\s*(\d+)$/m.exec(readText(root, "/proc/self/status") ?? "")?.[1] ?? String(process.pid);
  const pattern = new RegExp(`^${pid}$`, "m");
  const queue = ["/"];
  for (let index = 0; index < queue.length && index < cgroupSearchMax; index++) {
    const folder = queue[index]!;
    const members = readText(root, posix.join(mountPoint, folder, "cgroup.procs"));
    if (members !== undefined && pattern.test(members)) return folder;
    for (const name of subfoldersOf(join(root, mountPoint, folder))) queue.push(posix.join(folder, name));
  }
  return posix.join("/", ...mountRoot.split("/").filter((part) => part !== "" && part !== ".."));
}

function subfoldersOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

function hierarchiesOf(root: string): Hierarchy[] {
  const groups = groupPaths(readText(root, "/proc/self/cgroup") ?? "");
  const mounts = readText(root, "/proc/self/mountinfo") ?? "";
  const found: Hierarchy[] = [];
  for (const line of mounts.split("\n")) {
    const [mount, rest] = line.split(" - ");
    const fields = mount?.split(" ") ?? [];
    const [type, , options] = rest?.split(" ") ?? [];
    const version = type === "cgroup2" ? 2 : type === "cgroup" ? 1 : undefined;
    if (version === undefined || fields[3] === undefined || fields[4] === undefined) continue;
    if (version === 1 && !options?.split(",").includes("memory")) continue;
    const groupPath = groups[version] ?? "/";
    found.push({
      version,
      groupPath,
      mountRoot: unescapeMount(fields[3]),
      mountPoint: unescapeMount(fields[4]),
    });
  }
  return found;
}

/** Lines are "id:controllers:path": version 2 has the id 0 and no controllers, version 1 names memory. */
function groupPaths(text: string): { 1?: string; 2?: string } {
  const paths: { 1?: string; 2?: string } = {};
  for (const line of text.split("\n")) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (!match) continue;
    const path = match[3]!.replace(/ \(deleted\)$/, "");
    if (match[1] === "0" && match[2] === "") paths[2] = path;
    else if (match[2]!.split(",").includes("memory")) paths[1] = path;
  }
  return paths;
}

/** mountinfo writes blanks, tabs, line ends and backslashes as octal numbers. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
