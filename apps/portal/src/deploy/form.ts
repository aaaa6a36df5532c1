import { SCALE_LABEL } from '@shoal/domain/scaling/scaling-policy';
import type { Resources } from '@shoal/domain/functions/function-spec';
import type { FunctionStatus } from '../api/function-status';
import type { Deployment } from './deployment';
import { entriesOf, mapOf, type Entry } from './entries';

/** Labels `com.openfaas.scale.…` that have a field of their own. */
export const SCALE_FIELDS = ['type', 'min', 'max', 'target', 'target-proportion', 'zero', 'zero-duration', 'down.window', 'down.step', 'warm-up', 'factor'] as const;
export type ScaleField = (typeof SCALE_FIELDS)[number];

/** Annotations that have a field of their own. */
export const SCHEDULE_FIELDS = ['schedule', 'schedule.timezone', 'schedule.missed'] as const;
export type ScheduleField = (typeof SCHEDULE_FIELDS)[number];

/** A function as a person writes it down: all is text, and what is empty is not asked for. */
export interface DeployForm {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly command: string;
  readonly environment: readonly Entry[];
  readonly secrets: readonly string[];
  /** Without those that have fields of their own. */
  readonly labels: readonly Entry[];
  readonly annotations: readonly Entry[];
  readonly scaling: Readonly<Record<ScaleField, string>>;
  readonly schedule: Readonly<Record<ScheduleField, string>>;
  readonly limits: Readonly<Record<keyof Resources, string>>;
  readonly requests: Readonly<Record<keyof Resources, string>>;
  readonly readOnlyRoot: boolean;
  /** One a line. */
  readonly constraints: string;
  readonly network: string;
}

/** The gateway puts it on by itself. */
const NAME_LABEL = 'faas_function';
const NO_SCALING = Object.fromEntries(SCALE_FIELDS.map((field) => [field, ''])) as DeployForm['scaling'];
const NO_SCHEDULE = Object.fromEntries(SCHEDULE_FIELDS.map((field) => [field, ''])) as DeployForm['schedule'];

/** The form filled in with what is there; everything that a function can be asked for has its place in it. */
export function formOf({ name, namespace, image, ...fn }: Partial<FunctionStatus> = {}): DeployForm {
  const { [NAME_LABEL]: _, ...labels } = fn.labels ?? {};
  return withOwnFields({
    name: name ?? '',
    namespace: namespace ?? '',
    image: image ?? '',
    command: fn.envProcess ?? '',
    environment: entriesOf(fn.envVars),
    secrets: fn.secrets ?? [],
    labels: entriesOf(labels),
    annotations: entriesOf(fn.annotations),
    scaling: NO_SCALING,
    schedule: NO_SCHEDULE,
    limits: { memory: fn.limits?.memory ?? '', cpu: fn.limits?.cpu ?? '' },
    requests: { memory: fn.requests?.memory ?? '', cpu: fn.requests?.cpu ?? '' },
    readOnlyRoot: fn.readOnlyRootFilesystem ?? false,
    constraints: (fn.constraints ?? []).join('\n'),
    network: fn.network ?? '',
  });
}

/** Moves labels and annotations that have fields of their own there. */
export function withOwnFields(form: DeployForm): DeployForm {
  const scaling = takeOut(form.labels, SCALE_FIELDS, SCALE_LABEL);
  const schedule = takeOut(form.annotations, SCHEDULE_FIELDS, '');
  return {
    ...form,
    labels: scaling.rest,
    annotations: schedule.rest,
    scaling: { ...form.scaling, ...scaling.taken },
    schedule: { ...form.schedule, ...schedule.taken },
  };
}

/** What the form asks for. Space around names and amounts is nobody's intention. */
export function deploymentOf(form: DeployForm): Deployment {
  const command = form.command.trim();
  const network = form.network.trim();
  const constraints = form.constraints.split('\n').map((line) => line.trim()).filter(Boolean);
  const limits = resourcesOf(form.limits);
  const requests = resourcesOf(form.requests);
  return {
    service: form.name.trim(),
    namespace: form.namespace,
    image: form.image.trim(),
    ...(command === '' ? {} : { envProcess: command }),
    envVars: mapOf(form.environment),
    secrets: form.secrets,
    labels: labelsOf(form),
    annotations: { ...given(form.schedule, ''), ...mapOf(form.annotations) },
    ...(limits ? { limits } : {}),
    ...(requests ? { requests } : {}),
    readOnlyRootFilesystem: form.readOnlyRoot,
    constraints,
    ...(network === '' ? {} : { network }),
  };
}

/** All labels, the scaling policy among them. */
export function labelsOf({ scaling, labels }: Pick<DeployForm, 'scaling' | 'labels'>): Readonly<Record<string, string>> {
  return { ...given(scaling, SCALE_LABEL), ...mapOf(labels) };
}

function resourcesOf(texts: DeployForm['limits']): Resources | undefined {
  const asked = given(texts, '');
  return Object.keys(asked).length > 0 ? asked : undefined;
}

function given(texts: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const asked = Object.entries(texts).map(([field, text]) => [prefix + field, text.trim()]).filter(([, text]) => text !== '');
  return Object.fromEntries(asked) as Record<string, string>;
}

function takeOut<Field extends string>(entries: readonly Entry[], fields: readonly Field[], prefix: string): { taken: Partial<Record<Field, string>>; rest: readonly Entry[] } {
  const taken: Partial<Record<Field, string>> = {};
  const rest = entries.filter(({ name, value }) => {
    const field = fields.find((one) => prefix + one === name);
    if (field === undefined || value.trim() === '') return true;
    taken[field] = value;
    return false;
  });
  return { taken, rest };
}
