/** Why no engine can be started here; `undefined` when one can. */
export function whyNoLab(): string | undefined;

/** Some engines on one bridge. Nothing of it is left after `down`, or after this process has died. */
export class SwarmLab {
  static create(): Promise<SwarmLab>;
  /** Starts a node, or starts it again after its death. Resolves with it once its engine answers. */
  up(name: string, dockerdArgs?: readonly string[]): Promise<LabNode>;
  down(): Promise<void>;
}

/** One machine of the lab. */
export interface LabNode {
  readonly socket: string;
  readonly address: string;
  readonly pid: number;
  /** Runs the command-line client; resolves with what it wrote. */
  docker(...args: readonly string[]): Promise<string>;
  /** Power loss: everything on it dies at once. */
  kill(): Promise<void>;
  /** The engine ends in its own way. */
  stop(): Promise<void>;
  /** Stops the engine's own process, and nothing else, from running; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
}
