// A disk that is slow for certain: ext4 on a loop device whose writes the kernel throttles (blkio of version 1, io.max of 2).
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";

const throttleFile = "blkio.throttle.write_bps_device";
const probeBytes = 24 << 20;

/** A slow disk mounted under this folder, or the reason why there is none. Closing it takes everything away again. */
export function makeSlowDisk(folder, { sizeBytes, writeBytesPerSecond }) {
  const undo = [];
  const close = () => {
    while (undo.length > 0) undo.pop()();
    process.off("exit", close);
  };
  process.once("exit", close);
  try {
    const image = join(folder, `disk-${process.pid}.img`);
    const mountPoint = join(folder, `disk-${process.pid}`);
    undo.push(() => rmSync(image, { force: true }));
    const file = openSync(image, "w");
    ftruncateSync(file, sizeBytes);
    closeSync(file);
    run("mkfs.ext4", ["-q", "-F", image]);
    const device = run("losetup", ["--find", "--show", "--direct-io=on", image]).trim();
    undo.push(() => run("losetup", ["--detach", device]));
    mkdirSync(mountPoint, { recursive: true });
    undo.push(() => rmSync(mountPoint, { recursive: true, force: true }));
    run("mount", [device, mountPoint]);
    undo.push(() => run("umount", [mountPoint]));
    const number = readFileSync(`/sys/block/${basename(device)}/dev`, "utf8").trim();
    const disk = { folder: mountPoint, device: number, writeBytesPerSecond, close };
    const rule = throttleAll(disk);
    if (rule === null) return { disk, reason: null };
    undo.push(rule);
    const measured = writeSpeed(mountPoint);
    if (measured > writeBytesPerSecond * 2)
      throw new Error(`the throttle does not hold: ${Math.round(measured / 1e6)} MB/s were written`);
    return { disk, reason: null };
  } catch (error) {
    close();
    return { disk: null, reason: error.message };
  }
}

/**
 * Version 1 charges writes to the root group or to the writer's, by who starts them: both get the rule, and the answer
 * takes it away. With version 2 each cgroup has its own rule: see `throttle`.
 */
function throttleAll({ device, writeBytesPerSecond }) {
  const base = "/sys/fs/cgroup/blkio";
  const path = /^\d+:(?:[^:]*,)?blkio(?:,[^:]*)?:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  if (path === undefined || !existsSync(join(base, throttleFile))) return null;
  const files = [...new Set([join(base, throttleFile), join(base, path, throttleFile)])].filter(existsSync);
  const write = (speed) => {
    for (const file of files) writeFileSync(file, `${device} ${speed}`);
  };
  write(writeBytesPerSecond);
  return () => write(0);
}

/** What a cgroup of version 2 needs beside; in version 1 the rule of the root group is enough. */
export function throttle(cgroup, { device, writeBytesPerSecond }) {
  if (cgroup.version === 1) return;
  const path = join(cgroup.folder, "io.max");
  if (!existsSync(path)) throw new Error("the io controller is not delegated");
  writeFileSync(path, `${device} wbps=${writeBytesPerSecond}`);
}

function writeSpeed(folder) {
  const path = join(folder, "probe");
  const piece = Buffer.alloc(1 << 20, 1);
  const file = openSync(path, "w");
  const startedMs = performance.now();
  for (let at = 0; at < probeBytes; at += piece.length) writeSync(file, piece);
  fdatasyncSync(file);
  const seconds = (performance.now() - startedMs) / 1000;
  closeSync(file);
  rmSync(path);
  return probeBytes / seconds;
}

function run(program, args) {
  const { status, error, stderr, stdout } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) throw new Error(`${program}: ${error.code ?? error.message}`);
  if (status !== 0) throw new Error(`${program}: ${stderr.trim()}`);
  return stdout;
}
