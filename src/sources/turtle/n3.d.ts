/** What is used of the package n3. */
declare module "n3" {
  export interface Term {
    termType: string;
    value: string;
  }

  export interface Literal extends Term {
    language?: string;
    datatype: Term;
  }

  export interface ParsedQuad {
    subject: Term;
    predicate: Term;
    object: Term;
    graph: Term;
  }

  export interface Factory {
    namedNode(iri: string): Term;
    blankNode(name?: string): Term;
    literal(value: string, languageOrDatatype?: unknown): Literal;
  }

  export const DataFactory: Factory;

  export interface ParserCallbacks {
    onQuad(error: (Error & { context?: { line?: number } }) | null, quad: ParsedQuad | null): void;
    onPrefix?(prefix: string, iri: Term): void;
    onComment?(text: string): void;
    onToken?(token: { type: string }): void;
  }

  export class Parser {
    constructor(options: { format: string; baseIRI?: string; blankNodePrefix?: string; factory?: Factory });
    /** Reads what is handed to the listeners that it registers for `data` and `end`. */
    parse(
      input: { on(event: string, listener: (text: string) => void): void },
      callbacks: ParserCallbacks,
    ): void;
  }
}
