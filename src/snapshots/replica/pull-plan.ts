import type { ReplicaManifest } from "./manifest.js";
import type { KnownSegment, ReplicaNote } from "./replica-note.js";

/** How many of the manifest's parts of ids are there, by what the note says. */
export function knownIdParts(note: ReplicaNote, { ids }: ReplicaManifest): number {
  const at = ids.findIndex(({ firstId, endId, digest }, at) => {
    const known = note.ids[at];
    return known?.firstId !== firstId || known.endId !== endId || known.digest !== digest;
  });
  return at < 0 ? ids.length : at;
}

/**
 * The manifest's segments with the numbers that they have here, and what is there of them: all of it, or of a
 * pull of the same manifest the first parts. Of another manifest a part of a segment is worth nothing: what a
 * crash left behind these parts would stay among those of another segment.
 */
export function planSegments(note: ReplicaNote, manifest: ReplicaManifest): KnownSegment[] {
  const isResumed = note.pulling === manifest.token;
  return manifest.segments.map(({ parts }, at) => {
    const wanted = parts.map(({ digest }) => digest);
    const isSame = ({ digests, isWhole }: KnownSegment) => isWhole && digests.join() === wanted.join();
    const known = note.segments.find(isSame);
    if (known !== undefined) return { ...known, at };
    const begun = isResumed ? note.segments.find((segment) => segment.at === at) : undefined;
    if (begun !== undefined) return begun;
    note.lastNumber++;
    return { number: note.lastNumber, at, digests: [], isWhole: false };
  });
}
