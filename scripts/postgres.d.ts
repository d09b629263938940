/** The folder of the server's programs; null when there is none. */
export function postgresPrograms(): string | null;
