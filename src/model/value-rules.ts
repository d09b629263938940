import type { Kernel } from "../kernel/index.js";
import { placeOfEntry, placeTerm } from "./places.js";
import { codeText, languageOfTag, wordRule } from "./word-rules.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Gives a kernel what it asks the host for: the stems of words, and where places lie. */
export function installValueRules(kernel: Kernel): void {
  const { u8, view } = kernel;
  kernel.setValueRules({
    hasLanguage: (code) => languageOfTag(codeText(code)) !== null,
    stem: (code, start, end, out, bytesMax) => {
      const language = languageOfTag(codeText(code))!;
      const stem = wordRule(language)(decoder.decode(u8.subarray(start, end)));
      return stem === null ? 0 : encoder.encodeInto(stem, u8.subarray(out, out + bytesMax)).written;
    },
    place: (entry, longitude, out) => {
      const place = placeOfEntry(kernel, entry, longitude);
      if (place === null) return false;
      view.setBigUint64(out, placeTerm(place), true);
      return true;
    },
  });
}
