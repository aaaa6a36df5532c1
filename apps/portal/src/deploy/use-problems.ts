import { CronerCron } from '@shoal/adapters/cron/croner-cron';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { DeployForm } from './form';
import { problemsOf, type Problems } from './problems';

const cron = new CronerCron();
/** Who is still typing has not made a mistake yet. */
const TYPING_MS = 500;

export interface FormProblems {
  /** All there are. */
  readonly all: Problems;
  /** Those to be shown. */
  readonly shown: Problems;
}

/**
 * What is wrong with a form as it is typed. A mistake shows once the typing pauses, and goes at once; what is only missing shows
 * when `tried`.
 *
 * @param extra what else is known to be wrong.
 */
export function useProblems(form: DeployForm, extra: Problems, tried: boolean): FormProblems {
  const all = useMemo(() => new Map([...problemsOf(form, cron), ...extra]), [form, extra]);
  const [settled, setSettled] = useState(all);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(all), TYPING_MS);
    return () => clearTimeout(timer);
  }, [all]);
  const shown = useMemo(
    () => new Map([...all].filter(([path, text]) => tried || (settled.get(path) === text && !isMissing(form, path)))),
    [all, settled, tried],
  );
  return { all, shown };
}

function isMissing({ name, image }: DeployForm, path: string): boolean {
  return (path === 'service' && name === '') || (path === 'image' && image === '');
}
