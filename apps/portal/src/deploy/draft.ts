import { session } from '../session';
import type { DeployForm } from './form';

/** What was typed when the session ended by itself, for who logs in again. */
let draft: { readonly of: string; readonly form: DeployForm } | undefined;

/** Call it when a form is taken off the page; after logging out nothing is kept. @param of which form it is. */
export function keepDraft(of: string, form: DeployForm): void {
  draft = session.value === 'ended' ? { of, form } : undefined;
}

/** Whether something is kept that loading the page again would lose. */
export function hasDraft(): boolean {
  return draft !== undefined;
}

/** The draft of that form, once; `undefined` when there is none. */
export function takeDraft(of: string): DeployForm | undefined {
  const taken = draft?.of === of ? draft.form : undefined;
  draft = undefined;
  return taken;
}
