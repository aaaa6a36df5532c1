import { entryField, parseFunctionSpec, type FunctionSpecInput } from '@shoal/domain/functions/function-spec';
import { requireSchedule, type Cron } from '@shoal/domain/queue/schedule';
import { SCALE_LABEL } from '@shoal/domain/scaling/scaling-policy';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sentence } from '../ui/words';
import type { Deployment } from './deployment';
import { repeatedNames, type Entry } from './entries';
import { deploymentOf, SCALE_FIELDS, SCHEDULE_FIELDS, type DeployForm, type ScaleField } from './form';

/** What is wrong, by the path of the field (`limits.memory`, `labels.com.openfaas.scale.max`); under `''` what belongs to none. */
export type Problems = ReadonlyMap<string, string>;

/** So that a form of nonsense does not keep the browser busy. */
const MAX_PROBLEMS = 60;

const FIELDS = ['service', 'namespace', 'image', 'envProcess', 'limits.memory', 'limits.cpu', 'requests.memory', 'requests.cpu', 'network', 'constraints', 'secrets', 'envVars', 'labels', 'annotations'] as const;

/** How fields are called in front of people. */
const TITLES: Readonly<Record<string, string>> = {
  service: 'The name',
  namespace: 'The namespace',
  image: 'The image',
  envProcess: 'The command',
  network: 'The network',
  'limits.memory': 'The memory limit',
  'limits.cpu': 'The CPU limit',
  'requests.memory': 'The reserved memory',
  'requests.cpu': 'The reserved CPU',
  'annotations.schedule': 'The schedule',
  'annotations.schedule.missed': 'What happens to missed calls',
};

const SCALE_TITLES: Readonly<Record<ScaleField, string>> = {
  type: 'What it scales by',
  min: 'The minimum',
  max: 'The maximum',
  target: 'The target',
  'target-proportion': 'The part of the target',
  zero: 'Whether it sleeps',
  'zero-duration': 'The time until it sleeps',
  'down.window': 'The window',
  'down.step': 'The step down',
  'warm-up': 'The warm-up',
  factor: 'The step of an alert',
};

/** All that is wrong with a form, by the rules that the gateway has. Pure. */
export function problemsOf(form: DeployForm, cron: Cron): Problems {
  const deployment = deploymentOf(form);
  const paths = pathsOf(form);
  const problems = new Map<string, string>();
  // The rules stop at the first mistake. It is noted and taken out, and they are asked again.
  let rest: FunctionSpecInput = deployment;
  while (problems.size < MAX_PROBLEMS) {
    const message = rejection(() => parseFunctionSpec(rest));
    if (message === undefined) break;
    const { path, text } = placeOf(message, paths);
    if (problems.has(path)) break;
    problems.set(path, text);
    rest = without(rest, path);
  }
  const schedule = rejection(() => requireSchedule(deployment.annotations ?? {}, cron));
  if (schedule !== undefined) {
    const { path, text } = placeOf(schedule, paths);
    const isTheZone = path === 'annotations.schedule' && rejection(() => requireSchedule({ schedule: form.schedule.schedule }, cron)) === undefined;
    problems.set(isTheZone ? `${path}.timezone` : path, isTheZone ? 'The time zone is none such as Europe/London.' : text);
  }
  for (const [field, entries] of mapsOf(form)) for (const name of repeatedNames(entries)) problems.set(entryField(field, name), `${name} is there twice.`);
  return problems;
}

/** Where a message of the gateway belongs; path `''` when it names no field of the form. */
export function problemOf(message: string, form: DeployForm): { readonly path: string; readonly text: string } {
  return placeOf(message, pathsOf(form));
}

function placeOf(message: string, paths: readonly string[]): { readonly path: string; readonly text: string } {
  const path = paths.filter((one) => message.startsWith(one) && /^([ :.[]|$)/.test(message.slice(one.length))).sort((a, b) => b.length - a.length)[0];
  if (path === undefined) return { path: '', text: sentence(message) };
  const rest = message.slice(path.length);
  if (rest.startsWith(': ')) return { path, text: sentence(rest.slice(2)) };
  if (!rest.startsWith(' ')) return { path, text: sentence(message) };
  return { path, text: sentence(titleOf(path) + rest) };
}

function titleOf(path: string): string {
  const title = TITLES[path];
  if (title !== undefined) return title;
  const scale = SCALE_FIELDS.find((field) => path === `labels.${SCALE_LABEL}${field}`);
  if (scale) return SCALE_TITLES[scale];
  const dot = path.indexOf('.');
  return dot < 0 ? path : `“${path.slice(dot + 1)}”`;
}

function pathsOf(form: DeployForm): readonly string[] {
  return [
    ...FIELDS,
    ...SCALE_FIELDS.map((field) => `labels.${SCALE_LABEL}${field}`),
    ...SCHEDULE_FIELDS.map((field) => `annotations.${field}`),
    ...mapsOf(form).flatMap(([field, entries]) => entries.filter(({ name }) => name !== '').map(({ name }) => entryField(field, name))),
  ];
}

function mapsOf({ environment, labels, annotations }: DeployForm): readonly (readonly [string, readonly Entry[]])[] {
  return [['envVars', environment], ['labels', labels], ['annotations', annotations]];
}

/** The input with something in the place of what was wrong that is right. */
function without(input: FunctionSpecInput, path: string): FunctionSpecInput {
  if (path === 'service' || path === 'namespace' || path === 'image') return { ...input, [path]: 'x' };
  const [field = '', ...inside] = path.split('.');
  const value = input[field as keyof Deployment];
  if (inside.length === 0 || typeof value !== 'object') return { ...input, [field]: undefined };
  return { ...input, [field]: Object.fromEntries(Object.entries(value).filter(([key]) => entryField(field, key) !== path)) };
}

function rejection(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof ShoalError) return error.message;
    throw error;
  }
}
