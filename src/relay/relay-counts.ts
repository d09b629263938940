/** What the relay has done since the server was started: for its metrics. */
export class RelayCounts {
  readonly messages = new Map<string, number>();
  eventsSent = 0;
  connectionsRefused = 0;

  message(kind: string): void {
    this.messages.set(kind, (this.messages.get(kind) ?? 0) + 1);
  }
}
