import type { Factory, Literal, ParsedQuad, Term } from "n3";

/** Put before the labels of the document, so that they are told from the parser's own. */
export const documentPrefix = "d";

const stringType = "http://www.w3.org/2001/XMLSchema#string";
const languageType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/**
 * The parser's terms, but that language tags keep their case, and that blank nodes have the same labels
 * whenever a document is read: those of the document as they are, the others counted. A label of the document
 * that looks like a counted one gets an underscore more.
 */
export function turtleFactory(library: Factory): Factory {
  let counted = 0;
  return {
    ...library,
    blankNode(name) {
      const label =
        name === undefined ? `genid${counted++}` : documentLabel(name.slice(documentPrefix.length));
      return { termType: "BlankNode", value: label };
    },
    literal(value, languageOrDatatype) {
      if (typeof languageOrDatatype === "string") {
        return literal(value, { termType: "NamedNode", value: languageType }, languageOrDatatype);
      }
      const isTerm = typeof languageOrDatatype === "object" && languageOrDatatype !== null;
      if (isTerm && !("termType" in languageOrDatatype)) return library.literal(value, languageOrDatatype);
      const datatype = (languageOrDatatype as Term | undefined) ?? {
        termType: "NamedNode",
        value: stringType,
      };
      return literal(value, datatype, "");
    },
  };
}

function literal(value: string, datatype: Term, language: string): Literal {
  return { termType: "Literal", value, datatype, language };
}

function documentLabel(label: string): string {
  return label.replace(/^genid(?=_*\d+$)/, "genid_");
}

/** A quad as a line of N-Quads; null when it holds what RDF 1.1 has no term for. */
export function quadText({ subject, predicate, object, graph }: ParsedQuad): string | null {
  const terms = [subject, predicate, object].map(termText);
  const name = graph.termType === "DefaultGraph" ? "" : termText(graph);
  if (name === null || terms.includes(null)) return null;
  return `${terms.join(" ")} ${name === "" ? "" : `${name} `}.\n`;
}

function termText(term: Term): string | null {
  if (term.termType === "NamedNode") return `<${escaped(term.value, iriStops)}>`;
  if (term.termType === "BlankNode") return `_:${term.value}`;
  if (term.termType !== "Literal") return null;
  const { value, language, datatype } = term as Literal;
  const text = `"${escaped(value, literalStops)}"`;
  if (language) return language.includes("--") ? null : `${text}@${language}`;
  return datatype.value === stringType ? text : `${text}^^<${escaped(datatype.value, iriStops)}>`;
}

/** What an IRI must not hold is handed on in a form that the reader of N-Quads turns down. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an IRI holds none of them.
const iriStops = /[\u0000-\u0020<>"{}|^`\\]/g;
const literalStops = /["\\\n\r]/g;

function escaped(text: string, stops: RegExp): string {
  return text.replace(stops, (stop) => `\\u${stop.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
