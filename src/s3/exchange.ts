import { setMaxListeners } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { s3AnswerBytesMax, s3ConnectMs, s3IdleMs } from "../kernel/index.js";
import { S3Failure } from "./failure.js";

export interface ExchangeTimes {
  connectMs: number;
  idleMs: number;
}

export const exchangeTimes: ExchangeTimes = { connectMs: s3ConnectMs, idleMs: s3IdleMs };

export interface Exchange {
  request: http.RequestOptions;
  isSecure: boolean;
  body: Uint8Array | null;
  signal: AbortSignal;
  /** An abort that comes when all is sent waits for the answer: the server may be doing it. */
  isCommit: boolean;
  times: ExchangeTimes;
}

/**
 * One request and the head of its answer. Fails with S3Failure where no answer comes, or as the signal says.
 */
export function exchange({
  request,
  isSecure,
  body,
  signal,
  isCommit,
  times,
}: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const call = (isSecure ? https : http).request(request);
    let isSent = false;
    const abort = () => {
      if (!isCommit || !isSent) call.destroy(signal.reason);
    };
    const connecting = setTimeout(() => call.destroy(slow("to connect", times.connectMs)), times.connectMs);
    const settle = () => {
      clearTimeout(connecting);
      signal.removeEventListener("abort", abort);
    };
    // Many requests go with one signal, and each takes its listener away again.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", abort, { once: true });
    call.on("socket", (socket) => {
      if (!socket.connecting) return clearTimeout(connecting);
      socket.once(isSecure ? "secureConnect" : "connect", () => clearTimeout(connecting));
    });
    call.setTimeout(times.idleMs, () => call.destroy(slow("to go on", times.idleMs)));
    call.on("finish", () => {
      isSent = true;
    });
    call.on("response", (answer) => {
      settle();
      // From here on only what is waited for counts: a slow reader is no slow peer.
      call.setTimeout(0);
      resolve(answer);
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      settle();
      reject(signal.aborted && error === signal.reason ? error : networkFailure(error));
    });
    call.end(body ?? undefined);
  });
}

function slow(what: string, ms: number): Error {
  return Object.assign(new Error(`it takes longer than ${ms / 1000} s ${what}`), { code: "ETIMEDOUT" });
}

function networkFailure(error: NodeJS.ErrnoException): S3Failure {
  // Several addresses that all failed come as one error without words.
  const message =
    error.message !== "" ? error.message : ((error as AggregateError).errors?.[0]?.message ?? "");
  return new S3Failure(0, error.code ?? "", message || "the connection broke off");
}

/** The bytes of an answer as they come. Fails with S3Failure where they end too early or stop coming. */
export async function* answerBytes(
  answer: IncomingMessage,
  signal: AbortSignal,
  times: ExchangeTimes,
): AsyncGenerator<Buffer> {
  const abort = () => answer.destroy(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      signal.throwIfAborted();
      const timer = setTimeout(() => answer.destroy(slow("to go on", times.idleMs)), times.idleMs);
      const { value, done } = await chunks.next().finally(() => clearTimeout(timer));
      if (done === true) break;
      yield value;
    }
    if (!answer.complete) throw new S3Failure(0, "ECONNRESET", "the answer was cut off");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof S3Failure ? error : networkFailure(error as NodeJS.ErrnoException);
  } finally {
    signal.removeEventListener("abort", abort);
    if (!answer.readableEnded) answer.destroy();
  }
}

/** An answer that is read whole. */
export async function answerText(
  answer: IncomingMessage,
  signal: AbortSignal,
  times: ExchangeTimes,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answerBytes(answer, signal, times)) {
    bytes += chunk.byteLength;
    if (bytes > s3AnswerBytesMax)
      throw new S3Failure(502, "", `its answer is longer than ${s3AnswerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
