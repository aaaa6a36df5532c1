/** Memory that several readers share. */
export class ByteBudget {
  private used = 0;

  constructor(private readonly bytes: number) {}

  /** False, and nothing is taken, when there is not so much left. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.bytes) return false;
    this.used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}
