// Ten million small records at 128 MiB: memory is as flat at the end as in the middle.
import { sizeText } from "../lib/sizes.js";
import { longInput, madeInput } from "./inputs.js";
import { proveImport } from "./prove-import.js";
import { PartResults } from "./results.js";
import { flatness } from "./slope.js";
import { told } from "./told.js";

const lineBytes = 128 * 2 ** 20;
const kinds = { rss: "resident", anon: "anonymous" };

export async function proveLong({ form, scale, isVerified, isKept }) {
  const results = new PartResults("long", { isKept });
  const input = await madeInput(longInput, form, scale);
  let samples = [];
  const onEnd = (found) => {
    samples = found;
  };
  const found = await proveImport(input, { lineBytes, form, isVerified, onEnd });
  const run = { input: input.name, lineBytes, ...found };
  if (run.skipped === undefined && run.state === "complete") {
    run.flatness = flatnessOf(run, samples);
    run.faults = [...run.faults, ...slopeFaults(run.flatness)];
  }
  results.add("128MiB", run, run.title, run.flatness ? fitOf(run.flatness.rss) : null);
  for (const [kind, flat] of Object.entries(run.flatness ?? {}))
    process.stdout.write(`      ${kinds[kind]}: ${flat === null ? "too few samples" : slopeText(flat)}\n`);
  return told(run);
}

/** The read phase by the report's clock, the samples by that of the process: the lead is between them. */
function flatnessOf(run, samples) {
  const read = run.phases.find(({ name }) => name === "read").seconds;
  const span = { fromSeconds: run.leadSeconds, toSeconds: run.leadSeconds + read, lineBytes };
  const of = (pick) =>
    flatness(
      samples.map((sample) => [sample.seconds, pick(sample)]),
      span,
    );
  return {
    rss: of(({ anonBytes, fileBytes }) => anonBytes + fileBytes),
    anon: of(({ anonBytes }) => anonBytes),
  };
}

function slopeFaults(flats) {
  return Object.entries(flats).flatMap(([kind, flat]) => {
    if (flat === null) return [`${kinds[kind]} memory: too few samples`];
    return flat.isFlat ? [] : [`${kinds[kind]} memory is not flat: ${slopeText(flat)}`];
  });
}

/** In words: the drift over the last 80% against what cannot be told from noise. */
export function slopeText(flat) {
  const perSecond = (bytes) => `${(bytes / 1024).toFixed(1)}`;
  return (
    `${perSecond(flat.bytesPerSecond)} ± ${perSecond(flat.errorBytesPerSecond)} KiB a second, ` +
    `${signed(flat.driftBytes)} in ${(flat.toSeconds - flat.fromSeconds).toFixed(1)} s, ` +
    `${sizeText(flat.allowedBytes)} allowed`
  );
}

function signed(bytes) {
  return `${bytes < 0 ? "-" : "+"}${(Math.abs(bytes) / 2 ** 20).toFixed(2)} MiB`;
}

/** The line as a picture shows it: seconds and MiB. */
export function fitOf(flat) {
  if (flat === null) return null;
  const { fromSeconds, toSeconds } = flat;
  const at = (seconds) => [
    seconds,
    (flat.meanBytes + flat.bytesPerSecond * (seconds - flat.meanSeconds)) / 2 ** 20,
  ];
  return { points: [at(fromSeconds), at(toSeconds)], label: slopeText(flat) };
}
