import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { renderErrors } from "../../scripts/errors-doc.js";
import { errorTable } from "../../src/kernel/index.js";
import { projectRoot, type SourceFile, sourceFiles } from "./source-files.js";

const fileLinesMax = 400;
const functionLinesMax = 70;
const lineColumnsMax = 110;

const files = sourceFiles("src", "page", "kernels", "conformance");

test(`no file has more than ${fileLinesMax} lines`, () => {
  const long = files.filter((file) => file.text.trimEnd().split("\n").length > fileLinesMax);
  expect(long.map((file) => file.path)).toEqual([]);
});

test(`no line has more than ${lineColumnsMax} columns`, () => {
  expect(files.flatMap((file) => longLines(file))).toEqual([]);
});

test(`no function has more than ${functionLinesMax} lines`, () => {
  expect(files.flatMap((file) => longFunctions(file))).toEqual([]);
}, 60_000);

test("every error code is used", () => {
  const text = sourceFiles("src", "kernels")
    .filter((file) => file.path !== "src/kernel/errors.ts")
    .map((file) => file.text)
    .join("\n");
  const unused = Object.keys(errorTable).filter((code) => !text.includes(`"${code}"`));
  expect(unused).toEqual([]);
});

test("docs/errors.md has every code and no other, as `npm run docs:errors` writes it", () => {
  const page = readFileSync(join(projectRoot, "docs/errors.md"), "utf8");
  const headings = [...page.matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
  expect(headings).toEqual(Object.keys(errorTable).sort());
  expect(page).toBe(renderErrors(errorTable));
});

test("the net itself catches what it is for", () => {
  const body = "  call();\n".repeat(functionLinesMax);
  const text = `const short = () => {};\nclass A {\n  long() {\n${body}  }\n}\n`;
  expect(longFunctions({ path: "a.ts", text })).toEqual([`a.ts:3 long has ${functionLinesMax + 2} lines`]);
  expect(longLines({ path: "a.ts", text: `f(${"a".repeat(lineColumnsMax)});\n` })).toHaveLength(1);
  expect(longLines({ path: "a.ts", text: `  "${"a".repeat(lineColumnsMax)}",\n` })).toEqual([]);
});

/** A line that is one string alone cannot be broken without hiding the string from a search: it may be long. */
function longLines(file: SourceFile): string[] {
  const isOneString = /^\s*(?:\w+: )?(["'`])(?:(?!\1).|\\.)*\1[,;]?$/;
  return file.text.split("\n").flatMap((line, index) => {
    if (line.length <= lineColumnsMax || isOneString.test(line)) return [];
    return [`${file.path}:${index + 1} has ${line.length} columns`];
  });
}

/** A function's lines from its head to its closing brace; functions inside are part of it and judged again alone. */
function longFunctions(file: SourceFile): string[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = lineOf(node.getStart(source));
      const lines = lineOf(node.getEnd()) - first + 1;
      const name = node.name?.getText(source) ?? "a function";
      if (lines > functionLinesMax) found.push(`${file.path}:${first + 1} ${name} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
