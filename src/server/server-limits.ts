import {
  answerIdleMsMax,
  bodyIdleMsMax,
  connectionsMax,
  headersMsMax,
  keepAliveMs,
  lingerMsMax,
  shutdownMsMax,
  tokenRecheckMs,
} from "../kernel/index.js";

/** Bounds of one server; others than the usual ones are for tests, which cannot wait for minutes. */
export interface ServerLimits {
  connectionsMax: number;
  headersMsMax: number;
  keepAliveMs: number;
  bodyIdleMsMax: number;
  answerIdleMsMax: number;
  lingerMsMax: number;
  tokenRecheckMs: number;
  shutdownMsMax: number;
}

export const serverLimits: ServerLimits = {
  connectionsMax,
  headersMsMax,
  keepAliveMs,
  bodyIdleMsMax,
  answerIdleMsMax,
  lingerMsMax,
  tokenRecheckMs,
  shutdownMsMax,
};
