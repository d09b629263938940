import * as v from "valibot";
import { PlimsollError } from "../kernel/index.js";
import { suggestionText } from "../model/index.js";

/** A fault of the mapping: where it is, and what must be there. */
export function mappingFault(file: string, path: string, what: string): PlimsollError {
  return new PlimsollError("MAPPING_INVALID", { file, path, what });
}

/** Holds a value to a shape; what is misspelt is told with what was meant. */
export function checkShape<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  fileName: string,
  path: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  // A misspelt member is both unknown and missing: the first says what to mend.
  const issue = result.issues.find((candidate) => candidate.expected === "never") ?? result.issues[0];
  const steps = (issue.path ?? []).map((item) => String(item.key));
  if (issue.type !== "strict_object") {
    throw mappingFault(fileName, [path, ...steps].filter((step) => step !== "").join("."), issue.message);
  }
  const member = steps.pop() ?? "";
  const place = [path, ...steps].filter((step) => step !== "").join(".") || "the file";
  if (issue.expected !== "never") throw mappingFault(fileName, place, `must have "${member}"`);
  const known = Object.keys("entries" in schema ? (schema.entries as object) : {});
  throw mappingFault(fileName, place, `must not have "${member}"${suggestionText(member, known)}`);
}
