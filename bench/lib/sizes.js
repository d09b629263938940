// Numbers for people.

const units = { "": 1, B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

export function parseSize(text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]iB|B|)$/i.exec(text) ?? [];
  if (number === undefined) throw new Error(`"${text}" is no size: write for instance 256MiB.`);
  return Math.round(Number(number) * units[unit.toUpperCase()]);
}

export function sizeText(bytes) {
  if (bytes === null || bytes === undefined || Number.isNaN(bytes)) return "";
  const at = bytes >= 2 ** 30 ? [2 ** 30, "GiB"] : bytes >= 2 ** 20 ? [2 ** 20, "MiB"] : [2 ** 10, "KiB"];
  const value = bytes / at[0];
  return `${value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${at[1]}`;
}

export function countText(value) {
  return value === null || value === undefined ? "" : Math.round(value).toLocaleString("en-US");
}

export function secondsText(seconds) {
  return seconds >= 100 ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

export function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** The value below which this part of the values lies, 0 to 1. */
export function quantile(values, part) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
