export type { ServerSettings } from "./exchange.js";
export { type RunningServer, startServer } from "./server.js";
export { addToken, type KeptToken, readTokens, removeToken, type Scope, scopes } from "./tokens.js";
