export type { WriteRecords } from "./event-intake.js";
export { relayInformation } from "./information.js";
export { Relay } from "./relay.js";
