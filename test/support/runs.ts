/** Arbitrary counts of what a test tries, for the usual run; PLIMSOLL_TEST_EFFORT=10 makes it ten times as many. */
const effort = Number(process.env.PLIMSOLL_TEST_EFFORT ?? 1);

export function tries(usual: number): number {
  return Math.max(1, Math.round(usual * effort));
}
