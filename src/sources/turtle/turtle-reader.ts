import type { Parser } from "n3";
import {
  PlimsollError,
  turtleDepthMax,
  turtleOutputBytesMax,
  turtlePrefixBytesMax,
  turtleSilenceBytesMax,
} from "../../kernel/index.js";
import type { PushDecompressor } from "../bytes/push-bytes.js";
import { n3Library } from "./n3-library.js";
import { documentPrefix, quadText, turtleFactory } from "./turtle-terms.js";

export interface TurtleOptions {
  name: string;
  format: "turtle" | "trig";
  /** What relative IRIs are resolved against; without one they are turned down. */
  base: string | null;
}

const formatTitles = { turtle: "Turtle", trig: "TriG" };
const opening = new Set(["[", "(", "{", "<<", "<<("]);
const closing = new Set(["]", ")", "}", ">>", ")>>"]);

/**
 * Reads Turtle or TriG a piece at a time and hands on what it says as lines of N-Quads. The grammar cannot be
 * taken up again behind an error, so that ends the source. Whatever the parser holds is bounded: an
 * unfinished token or statement by the bytes without a sign of progress, nesting by its depth, prefixes by
 * their bytes.
 */
export class TurtleReader implements PushDecompressor {
  readonly #options: TurtleOptions;
  readonly #onData: (data: Uint8Array) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #feed: (text: string) => void = () => undefined;
  #end: () => void = () => undefined;
  #lines: string[] = [];
  #outputBytes = 0;
  #silentBytes = 0;
  #prefixBytes = 0;
  #depth = 0;
  #line = 1;
  #error: PlimsollError | null = null;

  constructor(options: TurtleOptions, onData: (data: Uint8Array) => void) {
    this.#options = options;
    this.#onData = onData;
    const { Parser, DataFactory } = n3Library();
    const { format, base } = options;
    const parser = new Parser({
      format: format === "turtle" ? "text/turtle" : "application/trig",
      blankNodePrefix: documentPrefix,
      factory: turtleFactory(DataFactory),
      ...(base === null ? {} : { baseIRI: base }),
    });
    this.#listen(parser);
  }

  push(bytes: Uint8Array, isLast: boolean): void {
    try {
      this.#silentBytes += bytes.length;
      if (this.#silentBytes > turtleSilenceBytesMax) {
        throw this.#fault(`a token or statement takes more than ${turtleSilenceBytesMax} bytes`);
      }
      const text = this.#decode(bytes, isLast);
      if (text !== "") this.#feed(text);
      if (isLast) this.#end();
      for (const byte of bytes) if (byte === 0x0a) this.#line++;
      if (this.#error !== null) throw this.#error;
    } finally {
      this.#flush();
    }
  }

  #listen(parser: Parser): void {
    const input = {
      on: (event: string, listener: (text: string) => void) => {
        if (event === "data") this.#feed = listener;
        if (event === "end") this.#end = () => listener("");
      },
    };
    parser.parse(input, {
      onQuad: (error, quad) => {
        this.#silentBytes = 0;
        if (error !== null) this.#error ??= this.#fault(reasonOf(error), error.context?.line);
        else if (quad !== null && this.#error === null) this.#write(quadText(quad));
      },
      onPrefix: (prefix, iri) => {
        this.#silentBytes = 0;
        this.#prefixBytes += prefix.length + iri.value.length;
        if (this.#prefixBytes > turtlePrefixBytesMax) {
          throw this.#fault(`its prefixes take more than ${turtlePrefixBytesMax} bytes`);
        }
      },
      onComment: () => {
        this.#silentBytes = 0;
      },
      onToken: ({ type }) => {
        if (opening.has(type)) this.#depth++;
        else if (closing.has(type)) this.#depth--;
        if (this.#depth > turtleDepthMax) throw this.#fault(`it nests deeper than ${turtleDepthMax} levels`);
      },
    });
  }

  #decode(bytes: Uint8Array, isLast: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream: !isLast });
    } catch {
      throw this.#fault("the bytes are not UTF-8");
    }
  }

  #write(line: string | null): void {
    if (line === null) throw this.#fault("triple terms and base directions are not read");
    this.#outputBytes += line.length;
    if (this.#outputBytes > turtleOutputBytesMax) throw this.#fault("its names stand for too long IRIs");
    this.#lines.push(line);
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#onData(Buffer.from(this.#lines.join(""), "utf8"));
    this.#lines = [];
    this.#outputBytes = 0;
  }

  #fault(reason: string, line = this.#line): PlimsollError {
    const { name, format } = this.#options;
    const details = { source: name, format: formatTitles[format], line, reason };
    return new PlimsollError("TURTLE_SYNTAX", details, { place: { source: name, line } });
  }
}

/** What the parser says, without the line at its end, which stands in the message already. */
function reasonOf(error: Error): string {
  return error.message.replace(/ on line \d+\.?$/, "").replaceAll(/\s+/g, " ");
}
