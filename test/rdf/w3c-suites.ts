import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ParsedQuad, Parser, type Term } from "n3";
import type { Terms } from "./isomorphism.js";

const folder = join(process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data"), "w3c-rdf-tests");
export const isW3cThere = existsSync(folder);
export const title = isW3cThere ? "" : " (no test data; set PLIMSOLL_TEST_DATA)";

/** Where the documents of the suite are said to lie: relative IRIs in results are resolved against it. */
const assumedBase = "https://w3c.github.io/rdf-tests/rdf/rdf11/rdf-turtle/";

export interface W3cTest {
  name: string;
  /** Each document is loaded into an entity of its own. */
  entity: string;
  kind: "positive" | "negative" | "eval";
  file: string;
  result: string | null;
}

const manifestNamespace = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const typeIri = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/** The tests that the manifest of a suite lists. */
export function testsOf(suite: string): W3cTest[] {
  const path = join(folder, suite);
  const quads = parsed(readFileSync(join(path, "manifest.ttl"), "utf8"), "text/turtle", "manifest:/");
  const tests: W3cTest[] = [];
  for (const { subject, predicate, object } of quads) {
    const kind = /#Test\w*?(Positive|Negative|Eval)\w*$/.exec(object.value)?.[1]?.toLowerCase();
    if (predicate.value !== typeIri || kind === undefined) continue;
    const file = (name: string) => {
      const found = quads.find(
        (quad) => quad.subject.value === subject.value && quad.predicate.value === manifestNamespace + name,
      );
      return found === undefined ? null : join(path, found.object.value.replace("manifest:/", ""));
    };
    const name = subject.value.replace(/^.*#/, "");
    tests.push({
      name,
      entity: `Test${tests.length}`,
      kind: kind as W3cTest["kind"],
      file: file("action")!,
      result: file("result"),
    });
  }
  return tests;
}

/** What the parser finds in a document, whose relative IRIs are resolved against the place of the suite. */
export function termsOf(file: string, base: string): Terms[] {
  const format = file.endsWith(".nq") ? "N-Quads" : "N-Triples";
  const text = readFileSync(file, "utf8").replaceAll(assumedBase, base);
  return parsed(text, format).map(({ subject, predicate, object, graph }) =>
    [subject, predicate, object, graph].filter((term) => term.termType !== "DefaultGraph").map(termText),
  );
}

/** The terms of canonical N-Quads, taken apart by no more than its blanks. */
export function termsOfLine(line: string): Terms {
  return line.match(/"(?:[^"\\]|\\.)*"\S*|\S+/g)!.slice(0, -1);
}

function parsed(text: string, format: string, baseIRI?: string): ParsedQuad[] {
  const quads: ParsedQuad[] = [];
  const parser = new Parser({ format, ...(baseIRI === undefined ? {} : { baseIRI }) });
  let feed: (text: string) => void = () => undefined;
  let end: (text: string) => void = () => undefined;
  const input = {
    on: (event: string, listener: (text: string) => void) => {
      if (event === "data") feed = listener;
      if (event === "end") end = listener;
    },
  };
  parser.parse(input, {
    onQuad: (error, quad) => {
      if (error !== null) throw error;
      if (quad !== null) quads.push(quad);
    },
  });
  feed(text);
  end("");
  return quads;
}

function termText(term: Term): string {
  if (term.termType === "NamedNode") return `<${term.value}>`;
  if (term.termType === "BlankNode") return `_:${term.value}`;
  const { value, language, datatype } = term as Term & { language: string; datatype: Term };
  const escapes: Record<string, string> = { "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  const text = `"${value.replace(/[\n\r"\\]/g, (character) => escapes[character]!)}"`;
  if (language !== "") return `${text}@${language}`;
  return datatype.value.endsWith("XMLSchema#string") ? text : `${text}^^<${datatype.value}>`;
}
