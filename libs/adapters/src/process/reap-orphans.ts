import { libc } from './libc';

// Of <sys/wait.h>, on Linux.
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
/** A `siginfo_t`, and where in it the process id is, in 32-bit words: the same on all 64-bit machines. */
const INFO_WORDS = 32;
const PID_AT = 4;

const info = new Int32Array(INFO_WORDS);

/**
 * Waits for children that have ended and are none of `own`, so that nothing is left of them: a process whose parent ends
 * becomes a child of the first process of its container. Those of `own` are left to whoever started them.
 *
 * Looks at the oldest ended child only, and so does nothing while that is one of `own`: call it again and again.
 */
export function reapOrphans(own: ReadonlySet<number>): void {
  for (let pid = endedChild(); pid > 0 && !own.has(pid); pid = endedChild()) {
    libc()!.waitid(P_PID, pid, info, WEXITED | WNOHANG);
  }
}

/** 0 when there is none. */
function endedChild(): number {
  info[PID_AT] = 0;
  libc()?.waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT);
  return info[PID_AT];
}
