import { laneOf } from '@shoal/domain/queue/lane';
import { cancelledRecord, isEnded, type CallRecord } from '@shoal/domain/queue/queued-call';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { CallEndings } from './call-endings';
import type { CallLookup } from './call-lookup';
import type { CallOutcomes, LiveOutcome } from './call-outcomes';
import type { LaneConsumers } from './lane-consumers';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

/** Whoever is overtaken by a step of the call tries again; nothing takes so many steps in a moment. */
const MAX_TRIES = 10;

export interface CancellationParts {
  readonly outcomes: CallOutcomes;
  readonly endings: CallEndings;
  readonly consumers: LaneConsumers;
  readonly lookup: CallLookup;
}

/** Ends calls before they end by themselves. */
export class CallCancellation {
  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly parts: CancellationParts,
  ) {}

  /** Resolves with the call's record as it is then. */
  async cancel(id: string): Promise<CallRecord | undefined> {
    const { outcomes, lookup } = this.parts;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = await lookup.find(id);
      if (!found || isEnded(found.record)) return found?.record;
      const live = await outcomes.live(id);
      if (live && isEnded(live.record)) return live.record;
      const record = cancelledRecord(live?.record ?? found.record, Date.now());
      const written = live ? await outcomes.write(id, { record }, live.revision) : await outcomes.begin(record);
      if (written && written !== 'ended') {
        await this.finish(written);
        return record;
      }
    }
    throw new ShoalError('backend-unavailable', `call ${id} could not be cancelled: others are faster`);
  }

  private async finish(live: LiveOutcome): Promise<void> {
    const { endings, consumers } = this.parts;
    const { id, functionKey } = live.record;
    const lane = laneOf('call', functionKey);
    const message = await this.link.last(this.names.calls, this.names.inLane(lane, id));
    await endings.finish({ live, done: async () => message && consumers.discard(lane, message.sequence) });
  }
}
