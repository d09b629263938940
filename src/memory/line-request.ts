import { PlimsollError, parseBytes, parseSize } from "../kernel/index.js";

/** A line as it is asked for, before anybody has looked at the machine. */
export type LineRequest =
  | { kind: "bytes"; bytes: number }
  | { kind: "percent"; fraction: number; bounds: LineBounds }
  | { kind: "auto"; bounds: LineBounds };

/** What a part of a limit is held between: 0 and Infinity where nothing is said. */
export interface LineBounds {
  floorBytes: number;
  ceilingBytes: number;
}

const unbounded: LineBounds = { floorBytes: 0, ceilingBytes: Number.POSITIVE_INFINITY };

/**
 * Reads a line wherever one is written: "256MiB", "60%", "auto", and the last two with bounds behind a comma,
 * "60%,64MiB..1GiB", of which either may be missing ("25%,..1GiB", "auto,64MiB.."). Nothing at all is `auto`.
 */
export function parseLineRequest(text: string, requestSource = "--memory"): LineRequest {
  const request = readRequest(text.trim());
  if (request !== undefined) return request;
  throw new PlimsollError("USAGE", {
    what:
      `${requestSource}: "${text}" is no memory line: write a size such as 256MiB, a percentage such as ` +
      "60%, auto, or a percentage with bounds such as 60%,64MiB..1GiB",
    command: "memory",
  });
}

function readRequest(text: string): LineRequest | undefined {
  const comma = text.indexOf(",");
  const head = (comma < 0 ? text : text.slice(0, comma)).trim();
  const bounds = comma < 0 ? unbounded : readBounds(text.slice(comma + 1));
  if (bounds === undefined) return undefined;
  if (head.toLowerCase() === "auto" || text === "") return { kind: "auto", bounds };
  const size = parseSize(head);
  if (size?.kind === "percent") return { kind: "percent", fraction: size.fraction, bounds };
  // A size is what it is: bounds around it would be a mistake that nobody notices.
  return size !== undefined && comma < 0 ? size : undefined;
}

function readBounds(text: string): LineBounds | undefined {
  const dots = text.indexOf("..");
  if (dots < 0) return undefined;
  const [floor, ceiling] = [text.slice(0, dots).trim(), text.slice(dots + 2).trim()];
  if (floor === "" && ceiling === "") return undefined;
  const floorBytes = floor === "" ? unbounded.floorBytes : parseBytes(floor);
  const ceilingBytes = ceiling === "" ? unbounded.ceilingBytes : parseBytes(ceiling);
  if (floorBytes === undefined || ceilingBytes === undefined || floorBytes > ceilingBytes) return undefined;
  return { floorBytes, ceilingBytes };
}
