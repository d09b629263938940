import { CommanderError } from "commander";
import { type ErrorCode, isPlimsollError, type Place } from "../kernel/index.js";
import { exitCodes } from "./exit-codes.js";

export interface Failure {
  exitCode: number;
  /** For stderr; empty when commander has said everything already. */
  text: string;
}

/** Faults of the command line itself. */
const usageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "USAGE",
  "QUERY_INVALID",
  "CONFIG_INVALID",
  "CONFIG_UNREADABLE",
  "PLAN_INVALID",
  "PLAN_UNREADABLE",
]);

/** What is printed for an error, and how the process ends. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return commanderFailure(error);
  if (isPlimsollError(error)) {
    const place = error.place === undefined ? "" : placeText(error.place);
    const text = `plimsoll: ${error.code}: ${error.message}\n${place === "" ? "" : `  at ${place}\n`}`;
    return { exitCode: usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed, text };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const ask = "This is a bug in Plimsoll. Please report it with the text above and the command that was run.";
  return { exitCode: exitCodes.failed, text: `plimsoll: UNEXPECTED: ${stack}\n${ask}\n` };
}

/** `products.csv, line 17, byte 1234, record 16`. */
export function placeText(place: Place): string {
  const parts: string[] = [];
  if (place.source !== undefined) parts.push(place.source);
  if (place.line !== undefined) parts.push(`line ${place.line}`);
  if (place.offset !== undefined) parts.push(`byte ${place.offset}`);
  if (place.record !== undefined) parts.push(`record ${place.record}`);
  return parts.join(", ");
}

/** Asked-for help and version end well; everything else that commander ends is wrong usage. */
function commanderFailure(error: CommanderError): Failure {
  if (error.code === "commander.helpDisplayed" || error.code === "commander.version") {
    return { exitCode: exitCodes.done, text: "" };
  }
  if (error.code === "commander.help") return { exitCode: exitCodes.usage, text: "" };
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  const end = /[.?)]$/.test(message) ? "" : ".";
  return { exitCode: exitCodes.usage, text: `plimsoll: USAGE: ${message}${end} See \`plimsoll --help\`.\n` };
}
