/** What the system says about the memory that all processes here may use together: this one and the functions it runs. */
export interface MemoryAccount {
  /** How many processes the system has killed because memory ran out, ever; `undefined` where it does not say. */
  kills(): number | undefined;
  /** How much all may use together; `undefined` when there is no limit, or none that is known. */
  limitBytes(): number | undefined;
  /** Asks the system to kill that process, or one that it starts, rather than this one when memory runs out. */
  sacrifice(pid: number): void;
}
