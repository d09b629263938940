/** The client has gone, or reads nothing any more. */
export class ClientGone extends Error {}
