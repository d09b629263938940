export { archiveMember, isSevenZip, openSevenZip } from "./open-seven-zip.js";
export { unsupported } from "./packed-streams.js";
