/** What became of a queued call, or of one attempt. */
export type QueueEvent = 'accepted' | 'succeeded' | 'failed' | 'retried' | 'callback-delivered' | 'callback-retried' | 'callback-failed';

/** Told of what happens to queued calls. Must neither throw nor take long. */
export interface QueueObserver {
  observed(functionKey: string, event: QueueEvent): void;
}
