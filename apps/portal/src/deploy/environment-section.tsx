import type { Entry } from './entries';
import { KeyValueEditor } from './key-value-editor';
import type { Problems } from './problems';

const KNOWN_NAMES = ['exec_timeout', 'read_timeout', 'write_timeout', 'max_inflight', 'mode', 'upstream_url', 'content_type', 'write_debug', 'healthcheck_interval'] as const;

export interface EnvironmentSectionProps {
  readonly entries: readonly Entry[];
  readonly problems: Problems;
  readonly onChange: (update: (entries: readonly Entry[]) => readonly Entry[]) => void;
}

/** Environment variables. */
export function EnvironmentSection(props: EnvironmentSectionProps) {
  return (
    <>
      <KeyValueEditor what="variable" field="envVars" names={KNOWN_NAMES} {...props} />
      <p class="field-hint">Everybody who may see the function sees these. Passwords and keys belong into secrets.</p>
    </>
  );
}
