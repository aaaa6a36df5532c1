import type { LaneWork } from './lane-work';

/** How much may be under way at a time, and the lanes that want some of it, in turn. */
export class Places {
  free: number;
  readonly hungry = new Set<LaneWork>();

  constructor(private readonly most: number) {
    this.free = most;
  }

  get isIdle(): boolean {
    return this.free === this.most;
  }
}
