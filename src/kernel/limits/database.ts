/** Bounds of targets that a server keeps. */

/** A server that has not answered by then is taken to be away. */
export const databaseConnectSecondsMax = 15;

/** How long an idle connection may be silent before either side asks whether the other is there. */
export const databaseKeepAliveSeconds = 30;

/** A lock that another session holds on a table for longer than this ends the import, which can go on later. */
export const databaseLockSecondsMax = 60;

/** A writer that was killed a moment ago may hold its lock until the server has noticed. */
export const databaseWriterSecondsMax = 10;
