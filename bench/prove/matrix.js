// Every input at every line.
import { madeInput } from "./inputs.js";
import { lineText, proveImport } from "./prove-import.js";
import { PartResults } from "./results.js";
import { told } from "./told.js";

/** True when every run that could be made holds. */
export async function proveMatrix({ inputs, lines, form, scale, isVerified, isKept }) {
  const results = new PartResults("matrix", { isKept });
  let isGood = true;
  for (const lineBytes of lines) {
    for (const one of inputs) {
      const input = await madeInput(one, form, scale);
      const found = await proveImport(input, { lineBytes, form, isVerified });
      const run = { input: input.name, lineBytes, ...found };
      results.add(`${input.name}-${lineText(lineBytes)}`, run, run.title);
      isGood = told(run) && isGood;
    }
  }
  return isGood;
}
