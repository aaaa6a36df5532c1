import type { RunningProcess } from '@shoal/domain/processes/process-spawner';

/** Stands for a process that could not be started. */
export const notStarted: RunningProcess = {
  pid: undefined,
  write: () => true,
  endInput: () => undefined,
  pauseOutput: () => undefined,
  resumeOutput: () => undefined,
  kill: () => undefined,
  closeOutput: () => undefined,
};
