// Peak resident memory as the kernel counted it (VmHWM), held against a line.

/** Prints the peak of this process against its line; the exit code tells whether it held. */
export function printPeak(lineBytes) {
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const held = peakBytes <= lineBytes;
  console.log(`peak ${mib(peakBytes)}, line ${mib(lineBytes)}: ${held ? "held" : "CROSSED"}`);
  if (!held) process.exitCode = 1;
}
