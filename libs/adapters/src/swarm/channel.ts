/** Where many writers hand values to one reader, who sets the pace: of each writer one value waits at most. */
export class Channel<T> {
  private readonly offers: { readonly value: T; readonly taken: () => void }[] = [];
  private closed: { readonly error: Error | undefined } | undefined;
  private wake: () => void = () => undefined;

  /** Resolves once the value has been taken; never after the end. */
  put(value: T): Promise<void> {
    return new Promise((taken) => {
      this.offers.push({ value, taken });
      this.wake();
    });
  }

  /** Ends the reading, with `error` when there is one; what nobody has taken yet is lost. Only the first call counts. */
  close(error?: Error): void {
    this.closed ??= { error };
    this.wake();
  }

  async *read(): AsyncGenerator<T> {
    while (!this.closed) {
      const offer = this.offers.shift();
      offer?.taken();
      if (offer) yield offer.value;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.closed.error) throw this.closed.error;
  }
}
