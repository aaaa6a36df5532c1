import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import { functionKey } from '@shoal/domain/functions/function-spec';
import { CallLog } from '@shoal/domain/invocation/call-log';
import { CallCountReport, noteElsewhere } from '@shoal/domain/invocation/elsewhere';
import { Permits } from '@shoal/domain/invocation/permits';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import type { Clock } from '@shoal/domain/shared/clock';
import type { ShareMessage, ToWorker, Usage } from './messages';

/** The side of a data-plane worker in what `Sharing` describes. */
export class WorkerShare {
  readonly directory: ReplicaDirectory;
  /** Has to be told of each call. */
  readonly log: CallLog;
  private readonly permits: Permits;
  private readonly counts: CallCountReport;

  constructor(
    clock: Clock,
    private readonly tell: (message: ShareMessage) => void,
  ) {
    this.permits = new Permits(
      {
        want: (key, calls, received) => tell({ kind: 'want', key, calls, received }),
        giveBack: (key, replicaId, grant, permits) => tell({ kind: 'giveBack', key, replicaId, grant, permits }),
      },
      clock,
    );
    this.directory = new ReplicaDirectory(this.permits);
    this.counts = new CallCountReport(this.directory);
    this.log = new CallLog(clock, () => this.report());
  }

  /** Does nothing with messages that are about other things. */
  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'change':
        this.directory.apply(message.change);
        return this.forgetElsewhere(message.change);
      case 'grant':
        return this.permits.granted(this.directory, message.key, message.replicaId, message.grant, message.permits);
      case 'recall':
        return this.permits.recalled(this.directory, message.key, message.permits);
      case 'elsewhere':
        return noteElsewhere(this.directory, message.counts);
      default:
    }
  }

  /** Of a function with a single replica nothing is told: what was told before must not hold when others come. */
  private forgetElsewhere(change: FunctionChange): void {
    if (change.kind === 'removed' || change.state.ready.length > 1) return;
    noteElsewhere(this.directory, { key: functionKey(change.state.spec.id), waiting: 0, running: {} });
  }

  /** To be called every `REPORT_MS`. */
  report(usage?: Usage): void {
    this.permits.tidy();
    const batch = this.log.take();
    this.tell({ kind: 'report', batch, counts: this.counts.take(batch.keys), ...(usage ? { usage } : {}) });
  }
}
