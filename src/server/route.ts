import type { Exchange } from "./exchange.js";
import type { Scope } from "./tokens.js";

export interface Parameter {
  name: string;
  /** As in JSON Schema. */
  type: "string" | "integer" | "boolean";
  description: string;
  choices?: readonly string[];
}

export interface Answer {
  status: number;
  description: string;
  /** Absent for an answer without a body. */
  contentType?: string;
}

/** One way into the server: what is asked, who may, what comes back. The public description is made of it. */
export interface Route {
  method: "GET" | "POST";
  /** With {names} for the parts that stand for something. */
  path: string;
  /** The answer is small, or lies in memory: a HEAD is answered as a GET is, without the body. */
  isBrief?: boolean;
  /** Null: it holds no data, and needs no token. */
  scope: Scope | null;
  summary: string;
  parameters: readonly Parameter[];
  /** Content types of the body; absent where none is read. */
  body?: { description: string; contentTypes: readonly string[] };
  answers: readonly Answer[];
  /** Failures that it can end with, beside those that every route has. */
  failures: readonly number[];
  handle: (exchange: Exchange) => Promise<void>;
}
