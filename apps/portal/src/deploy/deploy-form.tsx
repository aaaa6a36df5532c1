import './deploy-form.css';
import { parseScalingPolicy, SCALE_LABEL } from '@shoal/domain/scaling/scaling-policy';
import { Rocket } from 'lucide';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/api-error';
import { request } from '../api/client';
import { functions, platform } from '../live/live';
import { functionHref, guardLeaving } from '../route';
import { Button } from '../ui/button';
import { Field, TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { count, resourcesDigest } from './digests';
import { deploymentOf, labelsOf, withOwnFields, type DeployForm as Form } from './form';
import { keepDraft, takeDraft } from './draft';
import { KeyValueEditor } from './key-value-editor';
import { problemOf, type Problems } from './problems';
import { providerTexts } from './provider-texts';
import { scalingDigest, ScalingSection } from './scaling-section';
import { ScheduleSection } from './schedule-section';
import { SecretsSection } from './secrets-section';
import { Section } from './section';
import { useProblems } from './use-problems';

export interface DeployFormProps {
  readonly initial: Form;
  /** Whether the function is there already, so that its name stays. */
  readonly edits: boolean;
  readonly namespaces: readonly string[];
  /** The gateway has accepted it. */
  readonly onAccepted: (form: Form) => void;
}

/** From top to bottom. */
const SECTIONS = ['environment', 'secrets', 'scaling', 'schedule', 'resources', 'labels', 'advanced'] as const;
type SectionName = (typeof SECTIONS)[number];

/** Which section a path of `problems` is in; those of none are always seen. */
function sectionOf(path: string): SectionName | undefined {
  if (path.startsWith(`labels.${SCALE_LABEL}`)) return 'scaling';
  if (path.startsWith('annotations.schedule')) return 'schedule';
  if (path.startsWith('envVars')) return 'environment';
  if (path.startsWith('labels') || path.startsWith('annotations')) return 'labels';
  if (/^(limits|requests)/.test(path)) return 'resources';
  if (path === 'secrets') return 'secrets';
  return path === 'constraints' || path === 'network' ? 'advanced' : undefined;
}

/** As they are found from top to bottom. */
function inOrder(problems: Problems): readonly (readonly [string, string])[] {
  const place = ([path]: readonly [string, string]) => SECTIONS.findIndex((name) => name === sectionOf(path));
  return [...problems].sort((a, b) => place(a) - place(b));
}

const NONE: Problems = new Map();
const ENVIRONMENT_NAMES = ['exec_timeout', 'read_timeout', 'write_timeout', 'max_inflight', 'mode', 'upstream_url', 'content_type', 'write_debug', 'healthcheck_interval'] as const;
const ANNOTATION_NAMES = ['description', 'topic', 'com.openfaas.retry.attempts', 'com.openfaas.retry.codes', 'com.openfaas.retry.min_wait', 'com.openfaas.retry.max_wait', 'com.openfaas.retry.deadline', 'com.openfaas.async.concurrency'] as const;
const LABEL_NAMES = ['com.openfaas.ui.ext'] as const;

/** Describes a function, and deploys it. What is wrong is told as it is typed, by the gateway's own rules. */
export function DeployForm({ initial, edits, namespaces, onAccepted }: DeployFormProps) {
  const draftOf = edits ? `${initial.name}.${initial.namespace}` : 'new';
  const [form, setForm] = useState(() => takeDraft(draftOf) ?? initial);
  const [tried, setTried] = useState(0);
  const [refused, setRefused] = useState<Problems>(NONE);
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<SectionName>>(() => new Set(['scaling']));
  const element = useRef<HTMLFormElement>(null);

  const taken = !edits && functions.value?.has(`${form.name.trim()}.${form.namespace}`);
  const extra = useMemo(() => (taken ? new Map([['service', `There is a function of this name in ${form.namespace} already.`], ...refused]) : refused), [taken, refused, form.namespace]);
  const { all, shown } = useProblems(form, extra, tried > 0);
  const changed = form !== initial;
  useLeavingGuard(changed && !busy);
  const latest = useRef(form);
  latest.current = form;
  useEffect(() => () => latest.current === initial || keepDraft(draftOf, latest.current), []);

  // After a click that did not work: the first that is wrong, wherever it is.
  useEffect(() => {
    if (tried > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"], .deploy-refusal')?.focus();
  }, [tried]);

  const update = (next: (before: Form) => Form) => {
    setForm(next);
    setRefused(NONE);
  };
  const change = (part: Partial<Form>) => update((before) => ({ ...before, ...part }));
  const reveal = (problems: Problems) => setOpen((before) => new Set([...before, ...[...problems.keys()].flatMap((path) => sectionOf(path) ?? [])]));
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    if (all.size > 0) {
      reveal(all);
      return setTried(tried + 1);
    }
    setBusy(true);
    try {
      await request(edits ? 'PUT' : 'POST', 'system/functions', { body: deploymentOf(form) });
      onAccepted(form);
    } catch (error) {
      const { path, text } = error instanceof ApiError && error.status === 400 ? problemOf(error.message, form) : { path: '', text: `${messageOf(error)}.` };
      const problems = new Map([[path, text]]);
      setRefused(problems);
      reveal(problems);
      setTried(tried + 1);
      setBusy(false);
    }
  };

  const provider = providerTexts(platform.value?.provider);
  const section = (name: SectionName, title: string, digest: string) => ({
    title,
    digest,
    open: open.has(name),
    wrong: [...shown.keys()].some((path) => sectionOf(path) === name),
    onToggle: (isOpen: boolean) => setOpen((before) => new Set(isOpen ? [...before, name] : [...before].filter((one) => one !== name))),
  });
  const absorb = () => setForm(withOwnFields);
  const resource = (kind: 'limits' | 'requests', what: 'memory' | 'cpu', label: string, placeholder: string) => (
    <TextField label={label} placeholder={placeholder} value={form[kind][what]} onInput={(text) => update((before) => ({ ...before, [kind]: { ...before[kind], [what]: text } }))} error={shown.get(`${kind}.${what}`)} />
  );
  const general = shown.get('');
  return (
    <form class="deploy-form" ref={element} onSubmit={send} noValidate>
      <div class="stack deploy-main">
        {general !== undefined && (
          <div class="deploy-refusal" tabIndex={-1}>
            <Notice kind="error">The gateway did not take it: {general}</Notice>
          </div>
        )}
        <section class="card stack" aria-label="The function">
          <div class="fields">
            <TextField
              label="Name"
              value={form.name}
              onInput={(name) => change({ name })}
              disabled={edits}
              error={shown.get('service')}
              hint={taken ? <a href={functionHref(`${form.name.trim()}.${form.namespace}`, 'edit')}>Change that one instead</a> : edits ? 'Stays as it is; another name is another function.' : 'a-z, 0-9 and -'}
            />
            <Field label="Namespace" error={shown.get('namespace')}>
              {(attributes) => (
                <select {...attributes} value={form.namespace} disabled={edits} onChange={({ currentTarget }) => change({ namespace: currentTarget.value, secrets: [] })}>
                  {(edits ? [form.namespace] : namespaces).map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              )}
            </Field>
          </div>
          <TextField label="Image" value={form.image} onInput={(image) => change({ image })} error={shown.get('image')} hint={provider.imageHint} placeholder={provider.imagePlaceholder} />
          <TextField label="Command" value={form.command} onInput={(command) => change({ command })} error={shown.get('envProcess')} hint={provider.commandHint} placeholder={provider.commandPlaceholder} />
        </section>
        <Section {...section('environment', 'Environment', count(form.environment.length, 'variable'))}>
          <KeyValueEditor what="variable" field="envVars" names={ENVIRONMENT_NAMES} entries={form.environment} onChange={(next) => update((before) => ({ ...before, environment: next(before.environment) }))} problems={shown} />
          <p class="field-hint">Everybody who may see the function sees these. Passwords and keys belong into secrets.</p>
        </Section>
        <Section {...section('secrets', 'Secrets', form.secrets.join(', ') || 'none')}>
          <SecretsSection namespace={form.namespace} chosen={form.secrets} onChange={(name, wanted) => update((before) => ({ ...before, secrets: [...before.secrets.filter((one) => one !== name), ...(wanted ? [name] : [])] }))} error={shown.get('secrets')} />
        </Section>
        <Section {...section('scaling', 'Scaling', scalingText(form))}>
          <ScalingSection form={form} problems={shown} onChange={(part) => update((before) => ({ ...before, scaling: { ...before.scaling, ...part } }))} />
        </Section>
        <Section {...section('schedule', 'Schedule', form.schedule.schedule.trim() || 'never called by the clock')}>
          <ScheduleSection form={form} problems={shown} onChange={(part) => update((before) => ({ ...before, schedule: { ...before.schedule, ...part } }))} />
        </Section>
        <Section {...section('resources', 'Memory and CPU', resourcesDigest(form))}>
          {provider.resourcesNote !== undefined && <Notice>{provider.resourcesNote}</Notice>}
          <div class="fields">
            {resource('limits', 'memory', 'Memory, at most', '128Mi')}
            {resource('limits', 'cpu', 'CPU, at most', '500m')}
            {resource('requests', 'memory', 'Memory, reserved', '64Mi')}
            {resource('requests', 'cpu', 'CPU, reserved', '100m')}
          </div>
        </Section>
        <Section {...section('labels', 'Labels and annotations', `${count(form.labels.length, 'label')}, ${count(form.annotations.length, 'annotation')}`)}>
          <h3>Labels</h3>
          <KeyValueEditor what="label" field="labels" names={LABEL_NAMES} entries={form.labels} onChange={(next) => update((before) => ({ ...before, labels: next(before.labels) }))} problems={shown} onLeave={absorb} />
          <h3>Annotations</h3>
          <KeyValueEditor what="annotation" field="annotations" names={ANNOTATION_NAMES} entries={form.annotations} onChange={(next) => update((before) => ({ ...before, annotations: next(before.annotations) }))} problems={shown} onLeave={absorb} />
          <p class="field-hint">The labels of the scaling policy and the annotations of the schedule have fields above; written here, they move there.</p>
        </Section>
        <Section {...section('advanced', 'Advanced', form.readOnlyRoot ? 'read-only root' : form.constraints.trim() !== '' ? 'constraints' : 'as usual')}>
          <label class="check">
            <input type="checkbox" checked={form.readOnlyRoot} onChange={({ currentTarget }) => change({ readOnlyRoot: currentTarget.checked })} />
            <span>
              Read-only root filesystem
              <span class="field-hint">It can write to /tmp only. {provider.readOnlyNote}</span>
            </span>
          </label>
          <Field label="Constraints" hint={provider.constraintsHint} error={shown.get('constraints')}>
            {(attributes) => <textarea {...attributes} rows={2} spellcheck={false} placeholder="node.role == worker" value={form.constraints} onInput={({ currentTarget }) => change({ constraints: currentTarget.value })} />}
          </Field>
          <TextField label="Network" value={form.network} onInput={(network) => change({ network })} error={shown.get('network')} hint={provider.networkHint} />
        </Section>
      </div>
      <aside class="card stack deploy-aside" aria-label="Deploy">
        <h2 class="break">{form.name.trim() || 'New function'}</h2>
        <dl class="deploy-facts">
          <dt>Runs</dt>
          <dd class="break mono">{form.command.trim() || form.image.trim() || '–'}</dd>
          <dt>In</dt>
          <dd class="break">{form.namespace || '–'}</dd>
          <dt>Replicas</dt>
          <dd>{scalingText(form)}</dd>
        </dl>
        {shown.size > 0 && (
          <ul class="deploy-problems" aria-label="What is wrong">
            {inOrder(shown).map(([path, text]) => (
              <li key={path}>{text}</li>
            ))}
          </ul>
        )}
        <Button kind="primary" type="submit" icon={Rocket} busy={busy}>
          {edits ? 'Update' : 'Deploy'}
        </Button>
        {edits && <p class="field-hint">The version that runs serves on until the new one is ready.</p>}
      </aside>
    </form>
  );
}

function scalingText(form: Form): string {
  try {
    return scalingDigest(parseScalingPolicy(labelsOf(form)));
  } catch {
    return 'not a policy yet';
  }
}

/** Asks before what was typed is lost. */
function useLeavingGuard(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', stay);
    const unguard = guardLeaving('What you have changed here is not deployed yet. Leave without it?');
    return () => {
      removeEventListener('beforeunload', stay);
      unguard();
    };
  }, [active]);
}
