/** Where a condition was met; every member is optional because not every condition has a source. */
export interface Place {
  source?: string;
  line?: number;
  offset?: number;
  record?: number;
}

export interface ErrorOptions {
  cause?: unknown;
  place?: Place;
}
