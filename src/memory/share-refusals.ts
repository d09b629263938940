import {
  baselineSpreadBytes,
  batchBytesCeiling,
  formatBytes,
  KiB,
  MiB,
  PlimsollError,
  reserveBytesFloor,
} from "../kernel/index.js";
import { type DivideRequest, floorBytesOf, lineBytesMinOf, slabBytesMin } from "./share-floors.js";
import { type DivisionSettings, freeRanges, settableShares, shareSettings, wasmPageBytes } from "./shares.js";

/** One part that was asked for: its option, its bytes, and the same settings with other bytes for it. */
interface AskedPart {
  option: string;
  bytes: number;
  floorBytes: number;
  ceilingBytes: number;
  with(bytes: number): DivisionSettings;
}

/** The settings in whole pages; what lies outside of its range is refused. */
export function checkSettings(settings: DivisionSettings, threads: number): DivisionSettings {
  let checked = settings;
  for (const part of partsOf(settings, threads)) {
    if (part.bytes >= part.floorBytes && part.bytes <= part.ceilingBytes) continue;
    throw new PlimsollError("SHARE_OUT_OF_RANGE", {
      option: part.option,
      bytes: formatBytes(part.bytes),
      floor: sizeText(part.floorBytes),
      ceiling: sizeText(part.ceilingBytes),
      threads: threads < 2 ? "one worker" : `${threads} threads`,
    });
  }
  const { batchBytes } = settings;
  if (batchBytes !== undefined) {
    checked = { ...checked, batchBytes: Math.floor(batchBytes / wasmPageBytes) * wasmPageBytes };
  }
  return checked;
}

/** A line that holds no import at all, whatever is left out. */
export function lineTooSmall(request: DivideRequest): PlimsollError {
  const { lineBytes, baselineBytes, lineOrigin } = request;
  const advisedBytes = lineBytesMinOf(baselineBytes + baselineSpreadBytes, request.settings);
  const unasked = { workerExtraBytes: request.settings?.workerExtraBytes ?? 0 };
  const floors = floorBytesOf(0, slabBytesMin, advisedBytes, unasked) - reserveBytesFloor;
  const why =
    `the process itself takes ${formatBytes(baselineBytes)} before it has read anything, one worker with ` +
    `the smallest buffers ${formatBytes(floors)}, and ${formatBytes(reserveBytesFloor)} stay free for the heap`;
  const percent = lineOrigin ? Math.ceil((advisedBytes / lineOrigin.ofBytes) * 100) : Number.NaN;
  return new PlimsollError("LINE_TOO_SMALL", {
    line: formatBytes(lineBytes) + (lineOrigin ? ` (${lineOrigin.text})` : ""),
    why,
    minimum: sizeText(advisedBytes) + (percent <= 100 ? ` (${percent}%)` : ""),
    minimumBytes: advisedBytes,
  });
}

/** A line that would do, were it not for the shares that were asked for. */
export function sharesTooLarge(request: DivideRequest, settings: DivisionSettings): PlimsollError {
  const { lineBytes, baselineBytes } = request;
  const parts = partsOf(settings, 1);
  const asked = parts.map((part) => `${part.option} ${sizeText(part.bytes)}`).join(" and ");
  const fits = (lowered: DivisionSettings) =>
    lineBytes >= lineBytesMinOf(baselineBytes + baselineSpreadBytes, lowered);
  const [largest] = [...parts].sort((left, right) => right.bytes - left.bytes);
  const lowered = largest === undefined ? null : largestFitting(largest, fits);
  const minimumBytes = lineBytesMinOf(baselineBytes + baselineSpreadBytes, settings);
  return new PlimsollError("SHARES_TOO_LARGE", {
    line: formatBytes(lineBytes),
    asked,
    mend: lowered === null ? `Leave ${asked} out` : `Lower ${largest!.option} to ${sizeText(lowered)}`,
    minimum: sizeText(minimumBytes),
    minimumBytes,
  });
}

/** The most that one part may have; null when it is not enough to lower this one. */
function largestFitting(part: AskedPart, fits: (settings: DivisionSettings) => boolean): number | null {
  const stepBytes = 256 * KiB;
  let low = Math.ceil(part.floorBytes / stepBytes);
  if (!fits(part.with(low * stepBytes))) return null;
  let high = Math.ceil(part.bytes / stepBytes);
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(part.with(middle * stepBytes))) low = middle;
    else high = middle;
  }
  const bytes = low * stepBytes;
  return bytes < 4 * MiB ? bytes : Math.floor(bytes / MiB) * MiB;
}

function partsOf(settings: DivisionSettings, threads: number): AskedPart[] {
  const [least, most] = [freeRanges(0, slabBytesMin, 0), freeRanges(threads, slabBytesMin, 0)];
  const { shares = {}, batchBytes } = settings;
  const parts = settableShares.flatMap((name): AskedPart[] => {
    const bytes = shares[name];
    if (bytes === undefined) return [];
    const [{ floorBytes }, { ceilingBytes }] = [least[name], most[name]];
    const withBytes = (other: number) => ({ ...settings, shares: { ...shares, [name]: other } });
    return [{ option: `--${shareSettings[name]}`, bytes, floorBytes, ceilingBytes, with: withBytes }];
  });
  if (batchBytes === undefined) return parts;
  const withBytes = (other: number) => ({ ...settings, batchBytes: other });
  const range = { floorBytes: slabBytesMin, ceilingBytes: batchBytesCeiling };
  return [...parts, { option: "--batch-bytes", bytes: batchBytes, ...range, with: withBytes }];
}

/** As it can be typed, rounded down: "512MiB", "1536KiB". */
function sizeText(bytes: number): string {
  if (bytes >= MiB && (bytes % MiB === 0 || bytes >= 64 * MiB)) return `${Math.floor(bytes / MiB)}MiB`;
  return bytes >= KiB ? `${Math.floor(bytes / KiB)}KiB` : String(bytes);
}
