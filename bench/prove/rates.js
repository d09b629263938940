// Rate against line: what memory buys.
import { inputs, madeInput, nostrInput } from "./inputs.js";
import { lineText, proveImport } from "./prove-import.js";
import { PartResults } from "./results.js";
import { told } from "./told.js";

const linesMiB = [96, 112, 128, 192, 256, 384, 512, 768, 1024, 2048];

export async function proveRates({ form, scale, isKept }) {
  const results = new PartResults("rates", { isKept });
  let isGood = true;
  for (const one of [nostrInput, inputs.find(({ name }) => name === "small")]) {
    const input = await madeInput(one, form, scale);
    for (const mebibytes of linesMiB) {
      const lineBytes = mebibytes * 2 ** 20;
      const found = await proveImport(input, { lineBytes, form, isVerified: false });
      const run = { input: input.name, inputTitle: input.title, lineBytes, ...found };
      results.add(`${input.name}-${lineText(lineBytes)}`, run, run.title);
      isGood = told(run) && isGood;
    }
  }
  return isGood;
}
