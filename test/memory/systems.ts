import { MiB } from "../../src/kernel/index.js";
import { meminfo, mountLine, v1Unlimited } from "./fake-system.js";

const MB = (count: number) => `${count * MiB}\n`;
const v2 = (root: string) => mountLine("cgroup2", root, "/sys/fs/cgroup", "ro");
const v1 = (root: string) => mountLine("cgroup", root, "/sys/fs/cgroup/memory", "ro,memory");
const other = mountLine("cgroup", "/", "/sys/fs/cgroup/cpu,cpuacct", "rw,cpu,cpuacct");

export interface System {
  name: string;
  files: Record<string, string>;
  /** What binds there, null when nothing does; and as the report names it. */
  limitMiB: number | null;
  source: string;
  /** The folder of the group that is watched. */
  watched: string | null;
}

const docker = "/docker/4f2d1c";
const pod = "/kubepods/burstable/pod7d1";

/** Trees of /proc and /sys as containers and service managers really show them. */
export const systems: readonly System[] = [
  {
    name: "docker, version 1: paths of the host, mounted from the own group on",
    files: {
      "/proc/self/cgroup": `9:memory:${docker}\n3:cpu,cpuacct:${docker}\n1:name=systemd:${docker}\n`,
      "/proc/self/mountinfo": other + v1(docker),
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": MB(256),
      "/sys/fs/cgroup/memory/memory.stat": `cache 1\nhierarchical_memory_limit ${256 * MiB}\n`,
    },
    limitMiB: 256,
    source: "cgroup v1 /sys/fs/cgroup/memory",
    watched: "/sys/fs/cgroup/memory",
  },
  {
    name: "docker, version 2: a namespace of its own, the group shows as the root",
    files: {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/memory.max": MB(512),
      "/sys/fs/cgroup/memory.high": "max\n",
    },
    limitMiB: 512,
    source: "cgroup v2 /sys/fs/cgroup",
    watched: "/sys/fs/cgroup",
  },
  {
    name: "docker in docker: a path that is not mounted, the mount's own limit",
    files: {
      "/proc/self/cgroup": `4:memory:${docker}/docker/inner\n`,
      "/proc/self/mountinfo": v1("/"),
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": v1Unlimited,
      "/sys/fs/cgroup/memory/memory.stat": `hierarchical_memory_limit ${300 * MiB}\n`,
    },
    limitMiB: 300,
    source: "cgroup v1 /sys/fs/cgroup/memory",
    watched: "/sys/fs/cgroup/memory",
  },
  {
    name: "kubernetes, version 2: the container's limit is below the pod's",
    files: {
      "/proc/self/cgroup": `0::${pod}/container1\n`,
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/kubepods/memory.max": MB(8192),
      "/sys/fs/cgroup/kubepods/burstable/memory.max": "max\n",
      [`/sys/fs/cgroup${pod}/memory.max`]: MB(1024),
      [`/sys/fs/cgroup${pod}/container1/memory.max`]: MB(400),
    },
    limitMiB: 400,
    source: `cgroup v2 /sys/fs/cgroup${pod}/container1`,
    watched: `/sys/fs/cgroup${pod}/container1`,
  },
  {
    name: "kubernetes, version 1: the pod's limit is below the container's",
    files: {
      "/proc/self/cgroup": `11:memory:${pod}/container1\n`,
      "/proc/self/mountinfo": v1("/"),
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": v1Unlimited,
      [`/sys/fs/cgroup/memory${pod}/memory.limit_in_bytes`]: MB(200),
      [`/sys/fs/cgroup/memory${pod}/container1/memory.limit_in_bytes`]: MB(900),
      [`/sys/fs/cgroup/memory${pod}/container1/memory.stat`]: `hierarchical_memory_limit ${200 * MiB}\n`,
    },
    limitMiB: 200,
    source: `cgroup v1 /sys/fs/cgroup/memory${pod}/container1`,
    watched: `/sys/fs/cgroup/memory${pod}/container1`,
  },
  {
    name: "systemd: MemoryHigh of the slice is below MemoryMax of the service",
    files: {
      "/proc/self/cgroup": "0::/system.slice/load.slice/plimsoll.service\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/system.slice/memory.max": "max\n",
      "/sys/fs/cgroup/system.slice/load.slice/memory.high": MB(300),
      "/sys/fs/cgroup/system.slice/load.slice/memory.max": MB(600),
      "/sys/fs/cgroup/system.slice/load.slice/plimsoll.service/memory.max": MB(500),
      "/sys/fs/cgroup/system.slice/load.slice/plimsoll.service/memory.high": "max\n",
    },
    limitMiB: 300,
    source: "cgroup v2 /sys/fs/cgroup/system.slice/load.slice",
    watched: "/sys/fs/cgroup/system.slice/load.slice",
  },
  {
    name: "lxc: the namespace was entered after the mount, and lxcfs shows the limit as the machine's memory",
    files: {
      "/proc/meminfo": `MemTotal:       ${512 * 1024} kB\nMemAvailable:   ${500 * 1024} kB\n`,
      "/proc/self/status": "Name:\tnode\nPid:\t812\n",
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2("/../../.."),
      "/sys/fs/cgroup/lxc.payload.box/memory.max": MB(512),
      "/sys/fs/cgroup/lxc.payload.box/cgroup.procs": "1\n812\n",
    },
    limitMiB: 512,
    source: "cgroup v2 /sys/fs/cgroup/lxc.payload.box",
    watched: "/sys/fs/cgroup/lxc.payload.box",
  },
  {
    name: "a group outside of the namespace's root: what is mounted is what is left",
    files: {
      "/proc/self/cgroup": "0::/../sibling\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/memory.max": MB(128),
    },
    limitMiB: 128,
    source: "cgroup v2 /sys/fs/cgroup",
    watched: "/sys/fs/cgroup",
  },
  {
    name: "both versions at once: each is read where it has memory",
    files: {
      "/proc/self/cgroup": "9:memory:/box\n0::/user.slice\n",
      "/proc/self/mountinfo": v1("/") + mountLine("cgroup2", "/", "/sys/fs/cgroup/unified", "rw"),
      "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": MB(700),
      "/sys/fs/cgroup/unified/user.slice/memory.max": MB(650),
    },
    limitMiB: 650,
    source: "cgroup v2 /sys/fs/cgroup/unified/user.slice",
    watched: "/sys/fs/cgroup/unified/user.slice",
  },
  {
    name: "version 2 without the memory controller here, but above",
    files: {
      "/proc/self/cgroup": "0::/a/b\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/a/b/cgroup.procs": "1\n",
      "/sys/fs/cgroup/a/memory.max": MB(150),
    },
    limitMiB: 150,
    source: "cgroup v2 /sys/fs/cgroup/a",
    watched: "/sys/fs/cgroup/a",
  },
  {
    name: "unlimited as a 32-bit kernel writes it, and as a 64-bit one does",
    files: {
      "/proc/self/cgroup": "4:memory:/a/b\n",
      "/proc/self/mountinfo": v1("/"),
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": v1Unlimited,
      "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": `${(2 ** 31 - 1) * 4096}\n`,
    },
    limitMiB: null,
    source: "machine",
    watched: "/sys/fs/cgroup/memory/a/b",
  },
  {
    name: "empty files, words and a limit above the machine's memory bind nothing",
    files: {
      "/proc/self/cgroup": "0::/a/b/c\nnonsense\n",
      "/proc/self/mountinfo": `${v2("/")}short line\n`,
      "/sys/fs/cgroup/a/memory.max": "\n",
      "/sys/fs/cgroup/a/b/memory.max": "plenty\n",
      "/sys/fs/cgroup/a/b/c/memory.max": MB(64 * 1024),
    },
    limitMiB: null,
    source: "machine",
    watched: "/sys/fs/cgroup/a/b/c",
  },
  {
    name: "memory.high is 0 for a moment when somebody makes the kernel reclaim",
    files: {
      "/proc/self/cgroup": "0::/app\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/app/memory.high": "0\n",
      "/sys/fs/cgroup/app/memory.max": MB(256),
    },
    limitMiB: 256,
    source: "cgroup v2 /sys/fs/cgroup/app",
    watched: "/sys/fs/cgroup/app",
  },
  {
    name: "ulimit -d below the group's limit",
    files: {
      "/proc/self/limits": `Max data size             ${100 * MiB}            unlimited            bytes     \n`,
      "/proc/self/cgroup": "0::/app\n",
      "/proc/self/mountinfo": v2("/"),
      "/sys/fs/cgroup/app/memory.max": MB(256),
    },
    limitMiB: 100,
    source: "ulimit -d",
    watched: "/sys/fs/cgroup/app",
  },
].map((system) => ({ ...system, files: { "/proc/meminfo": meminfo, ...system.files } }));
