import { schemaBytesMax } from "../kernel/index.js";
import { type SchemaToken, schemaFault, schemaTokens } from "./schema-tokens.js";

/** A schema file as Dgraph has them, read but not judged by what there is here for it. */
export interface Schema {
  predicates: SchemaPredicate[];
  types: SchemaType[];
}

export interface SchemaPredicate {
  name: string;
  line: number;
  /** In lower case. */
  type: string;
  isList: boolean;
  /** Names of tokenizers, in lower case. */
  index: string[];
  /** The other directives, `lang`, `reverse` and so on. */
  directives: Set<string>;
}

export interface SchemaType {
  name: string;
  line: number;
}

const directiveNames = ["index", "lang", "reverse", "count", "upsert", "noconflict", "unique"];

export function parseSchema(text: string, file: string): Schema {
  if (Buffer.byteLength(text) > schemaBytesMax) {
    throw schemaFault(file, 1, `the file must be at most ${schemaBytesMax} bytes long`);
  }
  return new SchemaParser(schemaTokens(text, file), file).parse();
}

/** `name: type @directive .` and `type Name { field ... }`, in any order. */
class SchemaParser {
  readonly #tokens: SchemaToken[];
  readonly #file: string;
  #at = 0;

  constructor(tokens: SchemaToken[], file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  parse(): Schema {
    const predicates = new Map<string, SchemaPredicate>();
    const types: SchemaType[] = [];
    while (this.#token.kind !== "end") {
      this.#namespace();
      if (this.#isType()) {
        types.push(this.#type());
        continue;
      }
      const predicate = this.#predicate();
      const former = predicates.get(predicate.name);
      if (former !== undefined) {
        throw this.#fault(predicate.line, `${predicate.name} was declared in line ${former.line} already`);
      }
      predicates.set(predicate.name, predicate);
    }
    return { predicates: [...predicates.values()], types };
  }

  get #token(): SchemaToken {
    return this.#tokens[this.#at]!;
  }

  /** `[0x0]`, which exported schemas have in front of everything. */
  #namespace(): void {
    if (!this.#has("[")) return;
    const { kind, text, line } = this.#token;
    if (kind !== "number" || Number(text) !== 0) {
      throw this.#fault(line, `of namespaces only the first can be read, [0x0], not ${text}`);
    }
    this.#at++;
    this.#need("]", "behind a namespace");
  }

  #isType(): boolean {
    const [word, name, brace] = this.#tokens.slice(this.#at, this.#at + 3);
    return word?.text === "type" && word.kind === "name" && name?.kind !== "mark" && brace?.text === "{";
  }

  #type(): SchemaType {
    const { line } = this.#token;
    this.#at++;
    const name = this.#name("the name of a type");
    this.#need("{", "behind the name of a type");
    while (!this.#has("}")) {
      this.#name("the name of a field, or } behind the last,");
      if (this.#has(":")) this.#fieldType();
    }
    return { name, line };
  }

  /** Old schemas say once more what the predicates say. */
  #fieldType(): void {
    const isList = this.#has("[");
    this.#name("a type");
    this.#has("!");
    if (isList) this.#need("]", "behind a list's type");
    this.#has("!");
  }

  #predicate(): SchemaPredicate {
    const { line } = this.#token;
    const name = this.#name("a predicate, or a type,");
    if (name.length > 256) throw this.#fault(line, "a predicate has at most 256 characters");
    this.#need(":", `behind ${name}`);
    const isList = this.#has("[");
    const type = this.#name("a type").toLowerCase();
    if (isList) this.#need("]", `behind [${type}`);
    const predicate = { name, line, type, isList, index: [], directives: new Set<string>() };
    while (this.#has("@")) this.#directive(predicate);
    this.#need(".", `at the end of what is said of ${name}`);
    return predicate;
  }

  #directive(predicate: SchemaPredicate): void {
    const { line } = this.#token;
    const name = this.#name("a directive").toLowerCase();
    if (!directiveNames.includes(name)) {
      throw this.#fault(line, `@${name} is none of @${directiveNames.join(", @")}`);
    }
    if (predicate.directives.has(name)) throw this.#fault(line, `@${name} was said already`);
    predicate.directives.add(name);
    if (name === "index") this.#index(predicate);
  }

  #index({ name, index }: SchemaPredicate): void {
    this.#need("(", `behind @index: say how ${name} is indexed`);
    do {
      const { line } = this.#token;
      const tokenizer = this.#name("a kind of index").toLowerCase();
      if (index.includes(tokenizer)) throw this.#fault(line, `${tokenizer} was said already`);
      index.push(tokenizer);
    } while (this.#has(","));
    this.#need(")", "behind the kinds of an index");
  }

  /** Passes a mark if it is the next token. */
  #has(mark: string): boolean {
    if (this.#token.kind !== "mark" || this.#token.text !== mark) return false;
    this.#at++;
    return true;
  }

  #need(mark: string, where: string): void {
    const { text, line } = this.#token;
    if (!this.#has(mark)) throw this.#fault(line, `${mark} was expected ${where}, not ${text}`);
  }

  #name(what: string): string {
    const { kind, text, line } = this.#token;
    if (kind !== "name" && kind !== "iri") throw this.#fault(line, `${what} was expected, not ${text}`);
    this.#at++;
    return text;
  }

  #fault(line: number, what: string) {
    return schemaFault(this.#file, line, what);
  }
}
