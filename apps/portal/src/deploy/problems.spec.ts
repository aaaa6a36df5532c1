import { CronerCron } from '@shoal/adapters/cron/croner-cron';
import { entriesOf } from './entries';
import { formOf, type DeployForm } from './form';
import { problemOf, problemsOf } from './problems';

const cron = new CronerCron();
const good = formOf({ name: 'a', namespace: 'n', image: 'i' });
const problems = (part: Partial<DeployForm>) => Object.fromEntries(problemsOf({ ...good, ...part }, cron));
const scaling = (part: Partial<DeployForm['scaling']>) => problems({ scaling: { ...good.scaling, ...part } });

describe('problemsOf()', () => {
  it('finds nothing wrong with a good form', () => {
    expect(problems({ labels: entriesOf({ any: 'thing' }), secrets: ['a.b'] })).toEqual({});
  });

  it('tells of each field what is wrong, not only of the first', () => {
    const found = problems({
      name: 'No Name',
      image: '',
      command: 'a\u0001',
      environment: entriesOf({ '1A': 'x', OK: 'y', 'B C': '' }),
      limits: { memory: 'much', cpu: '-1' },
      requests: { memory: '1x', cpu: '' },
      secrets: ['UPPER'],
      constraints: 'ok\nbad\u0002',
      annotations: entriesOf({ 'com.openfaas.retry.attempts': 'many' }),
      scaling: { ...good.scaling, max: 'x', 'zero-duration': 'soon' },
      schedule: { ...good.schedule, schedule: '61 * * * *' },
    });
    expect(Object.keys(found).sort()).toEqual(
      ['annotations.com.openfaas.retry.attempts', 'annotations.schedule', 'constraints', 'envProcess', 'envVars.1A', 'envVars.B C', 'image', 'labels.com.openfaas.scale.max', 'labels.com.openfaas.scale.zero-duration', 'limits.cpu', 'limits.memory', 'requests.memory', 'secrets', 'service'].sort(),
    );
    expect(found).toMatchObject({
      image: 'The image must not be empty.',
      'limits.memory': 'The memory limit is not an amount of memory such as 128Mi.',
      'envVars.B C': '“B C” is not a name for an environment variable.',
      'labels.com.openfaas.scale.max': 'The maximum must be a whole number from 0 to 1000.',
      constraints: 'Constraints[1] contains a control character.',
    });
  });

  it('knows what does not go together', () => {
    expect(scaling({ min: '9', max: '3' })).toEqual({ 'labels.com.openfaas.scale.min': expect.stringContaining('is 9, more than') });
    expect(problems({ annotations: entriesOf({ 'com.openfaas.retry.max_wait': '1ms' }) })).toEqual({ annotations: expect.stringContaining('com.openfaas.retry.min_wait is longer than') });
  });

  it('tells of a label without a name, and of names that are there twice', () => {
    expect(problems({ labels: entriesOf({ '': 'x' }) })).toEqual({ labels: expect.stringContaining('an entry with an empty name') });
    expect(problems({ labels: [...entriesOf({ a: '1' }), ...entriesOf({ a: '2' })] })).toEqual({ 'labels.a': 'a is there twice.' });
  });

  it('tells a wrong time zone from a wrong expression', () => {
    expect(problems({ schedule: { schedule: '@daily', 'schedule.timezone': 'Mars/North', 'schedule.missed': '' } })).toEqual({ 'annotations.schedule.timezone': expect.stringContaining('The time zone') });
    expect(problems({ schedule: { schedule: '@daily', 'schedule.timezone': '', 'schedule.missed': 'perhaps' } })).toEqual({ 'annotations.schedule.missed': expect.stringContaining('must be skip or once') });
  });
});

describe('problemOf()', () => {
  it.each([
    ['envProcess: there is no command nope on this machine', 'envProcess', 'There is no command nope on this machine.'],
    ['image: there is no bundle x on this machine', 'image', 'There is no bundle x on this machine.'],
    ['namespace gone does not exist', 'namespace', 'The namespace gone does not exist.'],
    ['secrets: a, b not found in namespace n', 'secrets', 'A, b not found in namespace n.'],
    ['labels.com.openfaas.scale.type: nobody measures cpu here; rps can be had', 'labels.com.openfaas.scale.type', 'Nobody measures cpu here; rps can be had.'],
    ['annotations.schedule.missed must be skip or once', 'annotations.schedule.missed', 'What happens to missed calls must be skip or once.'],
    ['the engine cannot be reached', '', 'The engine cannot be reached.'],
    ['imagery', '', 'Imagery.'],
  ])('puts %j where it belongs', (message, path, text) => {
    expect(problemOf(message, good)).toEqual({ path, text });
  });
});
