import type { HostLogLine } from '@shoal/adapters/local/host-protocol';

export const MAX_KEPT_LINES = 1_000;
export const MAX_KEPT_LENGTH = 256 * 1024;

/** The latest lines of one function, bounded in number and in size; older ones are forgotten. */
export class LogRing {
  private lines: HostLogLine[] = [];
  private length = 0;
  private readonly followers = new Set<(line: HostLogLine) => void>();

  push(line: HostLogLine): void {
    this.lines.push(line);
    this.length += line.text.length;
    if (this.lines.length > MAX_KEPT_LINES || this.length > MAX_KEPT_LENGTH) this.forget();
    for (const follower of this.followers) follower(line);
  }

  /** Oldest first. */
  past(query: { readonly sinceMs?: number; readonly tail?: number; readonly instance?: string }): readonly HostLogLine[] {
    const { sinceMs, tail, instance } = query;
    const matching = this.lines.filter(
      (line) =>
        (sinceMs === undefined || Date.parse(line.timestamp) > sinceMs) &&
        (instance === undefined || line.instance === instance),
    );
    return tail === undefined ? matching : matching.slice(Math.max(0, matching.length - tail));
  }

  /** Tells `follower` of each new line; call the result to stop. */
  follow(follower: (line: HostLogLine) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  /** A quarter at a time, so that a busy function does not copy its lines for each new one. */
  private forget(): void {
    const kept = this.lines.slice(Math.ceil(this.lines.length / 4));
    this.length = kept.reduce((sum, { text }) => sum + text.length, 0);
    this.lines = kept;
  }
}
