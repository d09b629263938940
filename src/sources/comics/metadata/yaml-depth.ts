import { comicYamlDepthMax, comicYamlIndentMax } from "../../../kernel/index.js";

/**
 * Whether a text of YAML may nest deeper than metadata does, at first sight: brackets that are open at once
 * (those within strings too), dashes and question marks one behind another, and how far lines are indented.
 * The parser calls itself for each level, and a stack that is used up in the wrong place ends the process.
 */
export function isDeepYaml(text: string): boolean {
  let brackets = 0;
  let indicators = 0;
  let indent = 0;
  let isLineStart = true;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\n" || character === "\r") {
      [indicators, indent, isLineStart] = [0, 0, true];
    } else if (isLineStart && isIndicator(character) && isBlank(text[at + 1])) indicators++;
    else if (isLineStart && (character === " " || character === "\t")) indent++;
    else isLineStart = false;
    if (character === "[" || character === "{") brackets++;
    else if ((character === "]" || character === "}") && brackets > 0) brackets--;
    if (brackets > comicYamlDepthMax || indicators > comicYamlDepthMax) return true;
    if (indent > comicYamlIndentMax) return true;
  }
  return false;
}

function isIndicator(character: string): boolean {
  return character === "-" || character === "?" || character === ":";
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
