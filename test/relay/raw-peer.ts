import WebSocket from "ws";
import { until } from "../server/server-process.js";

export type RelayMessage = [verb: string, ...rest: unknown[]];

/** A peer that says what a test wants it to say, right or wrong. */
export class RawPeer {
  readonly webSocket: WebSocket;
  readonly messages: RelayMessage[] = [];
  /** Code of the close, when it was closed. */
  closed: number | null = null;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on("message", (data: Buffer) =>
      this.messages.push(JSON.parse(data.toString()) as RelayMessage),
    );
    webSocket.on("error", () => {});
    webSocket.on("close", (code) => {
      this.closed = code;
    });
  }

  /** The status of the refusal instead, where there is one. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawPeer | number> {
    const webSocket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    const peer = new RawPeer(webSocket);
    return await new Promise((resolve, reject) => {
      webSocket.once("open", () => resolve(peer));
      webSocket.once("unexpected-response", (_request, response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      webSocket.once("error", reject);
    });
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<RawPeer> {
    const peer = await RawPeer.open(url, headers);
    if (typeof peer === "number") throw new Error(`refused with ${peer}`);
    return peer;
  }

  send(...message: unknown[]): void {
    this.webSocket.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.webSocket.send(text);
  }

  /** The first message of this kind, and for this subscription or event if one is named. */
  async got(verb: string, name?: string): Promise<RelayMessage> {
    const isIt = (message: RelayMessage) =>
      message[0] === verb && (name === undefined || message[1] === name);
    return await until(async () => this.messages.find(isIt));
  }

  /** Everything that a subscription was sent. */
  eventsOf(subscription: string): { id: string }[] {
    return this.messages.flatMap(([verb, name, event]) =>
      verb === "EVENT" && name === subscription ? [event as { id: string }] : [],
    );
  }

  async end(): Promise<number> {
    return await until(async () => this.closed);
  }

  close(): void {
    this.webSocket.terminate();
  }
}
