/** Sends together what is said in one turn of the event loop. */
export class Outbox<Message> {
  private messages: Message[] = [];

  constructor(private readonly send: (messages: readonly Message[]) => void) {}

  readonly add = (message: Message): void => {
    if (this.messages.push(message) === 1) setImmediate(() => this.flush());
  };

  flush(): void {
    if (this.messages.length === 0) return;
    const { messages } = this;
    this.messages = [];
    this.send(messages);
  }
}
