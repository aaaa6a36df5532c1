import { existsSync } from 'node:fs';
import { messageOf } from '@shoal/domain/shared/errors';
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

/** Why a process could not be started. The system says the same of a working folder that is missing as of a program. */
export function startFailure(error: unknown, cwd: string | undefined): string {
  return cwd === undefined || existsSync(cwd) ? messageOf(error) : `its working folder ${cwd} does not exist any more`;
}
