import './deploy-form.css';
import { platform } from '../live/live';
import { Notice } from '../ui/notice';
import { AdvancedSection } from './advanced-section';
import { BasicsSection } from './basics-section';
import { DeployAside } from './deploy-aside';
import { count, resourcesDigest } from './digests';
import { EnvironmentSection } from './environment-section';
import type { DeployForm as Form } from './form';
import { LabelsSection } from './labels-section';
import { providerTexts } from './provider-texts';
import { ResourcesSection } from './resources-section';
import { scalingDigest } from './scaling-digest';
import { ScalingSection } from './scaling-section';
import { ScheduleSection } from './schedule-section';
import { SecretsSection } from './secrets-section';
import { Section } from './section';
import { useDeploy, type DeployOptions } from './use-deploy';

export interface DeployFormProps extends DeployOptions {
  readonly namespaces: readonly string[];
}

/** Describes a function, and deploys it. What is wrong is told as it is typed, by the gateway's own rules. */
export function DeployForm({ namespaces, ...options }: DeployFormProps) {
  const { edits } = options;
  const { form, problems, sections, busy, update, absorb, send, element } = useDeploy(options);
  const change = (part: Partial<Form>) => update((before) => ({ ...before, ...part }));
  const choose = (name: string, wanted: boolean) => update((before) => ({ ...before, secrets: [...before.secrets.filter((one) => one !== name), ...(wanted ? [name] : [])] }));
  const provider = providerTexts(platform.value?.provider);
  const general = problems.get('');
  return (
    <form class="deploy-form" ref={element} onSubmit={send} noValidate>
      <div class="stack deploy-main">
        {general !== undefined && (
          <div class="deploy-refusal" tabIndex={-1}>
            <Notice kind="error">The gateway did not take it: {general}</Notice>
          </div>
        )}
        <BasicsSection form={form} edits={edits} namespaces={namespaces} problems={problems} provider={provider} onChange={change} />
        <Section {...sections.of('environment', 'Environment', count(form.environment.length, 'variable'))}>
          <EnvironmentSection entries={form.environment} problems={problems} onChange={(next) => update((before) => ({ ...before, environment: next(before.environment) }))} />
        </Section>
        <Section {...sections.of('secrets', 'Secrets', form.secrets.join(', ') || 'none')}>
          <SecretsSection namespace={form.namespace} chosen={form.secrets} onChange={choose} error={problems.get('secrets')} />
        </Section>
        <Section {...sections.of('scaling', 'Scaling', scalingDigest(form))}>
          <ScalingSection form={form} problems={problems} onChange={(part) => update((before) => ({ ...before, scaling: { ...before.scaling, ...part } }))} />
        </Section>
        <Section {...sections.of('schedule', 'Schedule', form.schedule.schedule.trim() || 'never called by the clock')}>
          <ScheduleSection form={form} problems={problems} onChange={(part) => update((before) => ({ ...before, schedule: { ...before.schedule, ...part } }))} />
        </Section>
        <Section {...sections.of('resources', 'Memory and CPU', resourcesDigest(form))}>
          <ResourcesSection form={form} problems={problems} note={provider.resourcesNote} onChange={(kind, part) => update((before) => ({ ...before, [kind]: { ...before[kind], ...part } }))} />
        </Section>
        <Section {...sections.of('labels', 'Labels and annotations', `${count(form.labels.length, 'label')}, ${count(form.annotations.length, 'annotation')}`)}>
          <LabelsSection form={form} problems={problems} onChange={(kind, next) => update((before) => ({ ...before, [kind]: next(before[kind]) }))} onLeave={absorb} />
        </Section>
        <Section {...sections.of('advanced', 'Advanced', form.readOnlyRoot ? 'read-only root' : form.constraints.trim() !== '' ? 'constraints' : 'as usual')}>
          <AdvancedSection form={form} problems={problems} provider={provider} onChange={change} />
        </Section>
      </div>
      <DeployAside form={form} edits={edits} problems={problems} busy={busy} />
    </form>
  );
}
