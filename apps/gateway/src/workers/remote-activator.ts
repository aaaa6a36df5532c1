import { functionKey, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { ErrorMessage, FromWorker } from './messages';

interface Order {
  readonly woken: Promise<void>;
  readonly settle: (error: ErrorMessage | undefined) => void;
}

/** A worker's `Activator`: has the one of the gateway's main process wake functions, which orders once for all workers. */
export class RemoteActivator {
  /** By function key: however many calls wait here, one asks. */
  private readonly byKey = new Map<string, Order>();
  private readonly byNumber = new Map<number, Order>();
  private lastNumber = 0;

  constructor(private readonly tell: (message: FromWorker) => void) {}

  wake({ id }: FunctionSpec): Promise<void> {
    const key = functionKey(id);
    const running = this.byKey.get(key);
    if (running) return running.woken;
    const number = ++this.lastNumber;
    let settle!: Order['settle'];
    const woken = new Promise<void>((resolve, reject) => {
      settle = (error) => {
        this.byKey.delete(key);
        this.byNumber.delete(number);
        if (error) reject(new ShoalError(error.code, error.message, error.facts));
        else resolve();
      };
    });
    const order = { woken, settle };
    this.byKey.set(key, order);
    this.byNumber.set(number, order);
    this.tell({ kind: 'wake', order: number, key });
    return woken;
  }

  /** The answer to an order. */
  settle(number: number, error: ErrorMessage | undefined): void {
    this.byNumber.get(number)?.settle(error);
  }
}
