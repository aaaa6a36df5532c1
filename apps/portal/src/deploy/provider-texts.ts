/** What fields mean where functions run. */
export interface ProviderTexts {
  readonly imageHint: string;
  readonly imagePlaceholder: string;
  readonly commandHint: string;
  readonly commandPlaceholder: string;
  readonly resourcesNote?: string;
  readonly readOnlyNote: string;
  readonly constraintsHint: string;
  readonly networkHint: string;
}

const LOCAL: ProviderTexts = {
  imageHint: 'Here, a bundle: name or absolute path of a folder with a function.yml, as shoal build --bundle makes it. With a command below any name will do.',
  imagePlaceholder: 'echo',
  commandHint: 'Program of this machine that runs for each call, with the body as its input. Empty: what the bundle says.',
  commandPlaceholder: 'tr a-z A-Z',
  resourcesNote: 'Functions are plain processes of this machine: the memory limit takes effect, CPU and reservations do not.',
  readOnlyNote: 'Not for plain processes, as they run here.',
  constraintsHint: 'One a line. Not looked at here: there is one machine only.',
  networkHint: 'Of no effect here: functions are processes of this machine.',
};

const CONTAINERS: ProviderTexts = {
  imageHint: 'Container image with the watchdog in it, as shoal build makes it; with its registry, if it is from one.',
  imagePlaceholder: 'registry.example.com/team/echo:1.0',
  commandHint: 'What the watchdog runs for each call. Empty: what the image says.',
  commandPlaceholder: 'cat',
  readOnlyNote: '',
  constraintsHint: 'One a line: where it may run.',
  networkHint: 'One that it is to reach besides the functions’ own.',
};

/** @param provider as the platform names it. */
export function providerTexts(provider: string | undefined): ProviderTexts {
  return provider === 'local' ? LOCAL : CONTAINERS;
}
