import { GiB, KiB, MiB } from "./limits/index.js";

const TiB = 1024 * GiB;

/**
 * Names as people write them; the two-letter decimal forms are decimal, a single letter means the binary
 * unit.
 */
const unitBytes: Record<string, number> = {
  "": 1,
  b: 1,
  k: KiB,
  kib: KiB,
  kb: 1e3,
  m: MiB,
  mib: MiB,
  mb: 1e6,
  g: GiB,
  gib: GiB,
  gb: 1e9,
  t: TiB,
  tib: TiB,
  tb: 1e12,
};

export type Size = { kind: "bytes"; bytes: number } | { kind: "percent"; fraction: number };

/** Reads "256MiB", "1.5GiB", "300000000", "64k" or "60%"; undefined when the text is no size above zero. */
export function parseSize(text: string): Size | undefined {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(%|[a-z]*)\s*$/i.exec(text);
  if (!match) return undefined;
  const value = Number(match[1]);
  if (match[2] === "%") {
    return value > 0 && value <= 100 ? { kind: "percent", fraction: value / 100 } : undefined;
  }
  const unit = unitBytes[match[2]!.toLowerCase()];
  const bytes = unit === undefined ? 0 : Math.floor(value * unit);
  return bytes > 0 && Number.isSafeInteger(bytes) ? { kind: "bytes", bytes } : undefined;
}

/** Reads a plain number of bytes; undefined for a percentage or nonsense. */
export function parseBytes(text: string): number | undefined {
  const size = parseSize(text);
  return size?.kind === "bytes" ? size.bytes : undefined;
}

/** "256 MiB", "1.5 GiB", "512 bytes": three digits at most, for people. */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? "-" : "";
  const size = Math.abs(bytes);
  for (const [unit, name] of [
    [TiB, "TiB"],
    [GiB, "GiB"],
    [MiB, "MiB"],
    [KiB, "KiB"],
  ] as const) {
    if (size < unit) continue;
    const value = size / unit;
    return `${sign}${Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))} ${name}`;
  }
  return `${sign}${Math.round(size)} ${size === 1 ? "byte" : "bytes"}`;
}
