import { series } from './exposition';

/** Upper bounds of duration histograms, in seconds (wire contract §4.1, §4.3). */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const BUCKET_LABELS = [...BUCKETS_SECONDS, '+Inf'].map((bound) => `le="${bound}"`);

/** Durations, counted in plain numbers: adding one is cheap enough for the way of a call. */
export class Durations {
  count = 0;
  private seconds = 0;
  /** How many fell into each bucket, not added up; the last is for longer ones. */
  private readonly buckets = new Array<number>(BUCKETS_SECONDS.length + 1).fill(0);

  add(durationMs: number): void {
    const seconds = durationMs / 1_000;
    this.count++;
    this.seconds += seconds;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket++;
    this.buckets[bucket]!++;
  }

  /** The lines of a Prometheus histogram of that name. */
  lines(name: string, labels: string): string {
    const bucketName = `${name}_bucket`;
    let text = '';
    let upTo = 0;
    for (let i = 0; i < BUCKET_LABELS.length; i++) {
      upTo += this.buckets[i]!;
      text += series(bucketName, `${BUCKET_LABELS[i]!},${labels}`, upTo);
    }
    return text + series(`${name}_sum`, labels, this.seconds) + series(`${name}_count`, labels, this.count);
  }
}
