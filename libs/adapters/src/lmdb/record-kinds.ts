import type { ScheduleProgress } from '@shoal/domain/queue/invocation-queue';
import type { QueuedCall, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { sealedRecords } from './sealed-records';
import type { StoredCall } from './stored-call';

/** How the records of each table that has any are written. All else in the store follows from them. */
export const RECORD_KINDS = {
  calls: sealedRecords<StoredCall>('calls'),
  requests: sealedRecords<QueuedCall>('requests'),
  answers: sealedRecords<StoredAnswer>('answers'),
  schedules: sealedRecords<ScheduleProgress>('schedules'),
};

export type RecordKind = keyof typeof RECORD_KINDS;
