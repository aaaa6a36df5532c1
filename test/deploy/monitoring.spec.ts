import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { GatewayProcess } from '../e2e/gateway-process';
import { describeWithPrograms } from '../describe-with';
import { PrometheusProcess } from './prometheus-process';

const deploy = join(__dirname, '../../deploy');
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');

interface Panel {
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
}
interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

const dashboard = JSON.parse(read('grafana/dashboards/functions.json')) as Dashboard;
const rules = parse(read('prometheus/alert.rules.yml')) as RuleFile;
const panelExpressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
const ruleExpressions = rules.groups.flatMap(({ rules }) => rules.map(({ expr }) => ['a rule', expr] as const));

/** As Grafana does it, for all functions. */
const filledIn = (expression: string) => expression.replaceAll('$function', '.*').replaceAll('$__rate_interval', '10s');
/** All that begins as our metrics and those of the client library do. */
const metricsIn = (expression: string) => expression.match(/\b(gateway|shoal|http|process|nodejs)_\w+/g) ?? [];

describeWithPrograms('deploy/prometheus', ['promtool', 'amtool'], 'prometheus prometheus-alertmanager', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-rules-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['promtool check config prometheus.yml', 'promtool check rules alert.rules.yml', 'amtool check-config alertmanager.yml'])('%s passes', (command) => {
    const [program, ...args] = command.split(' ');
    execFileSync(program!, args, { cwd: join(deploy, 'prometheus'), stdio: 'pipe' });
  });

  it.each([
    ['fires for the function that answers 6 calls per second, not for the others', '0+30x24', ['busy.openfaas-fn']],
    ['does not fire at 5 calls per second', '0+25x24', []],
  ])('APIHighInvocationRate %s', (_title, calls, firing) => {
    const series = (name: string, code: string, values: string) => ({ series: `gateway_function_invocation_total{function_name="${name}.openfaas-fn",code="${code}"}`, values });
    const test = {
      rule_files: [join(deploy, 'prometheus/alert.rules.yml')],
      evaluation_interval: '5s',
      tests: [
        {
          interval: '5s',
          input_series: [series('busy', '200', calls), series('quiet', '200', '0+1x24'), series('failing', '500', '0+500x24')],
          alert_rule_test: [
            {
              eval_time: '1m',
              alertname: 'APIHighInvocationRate',
              exp_alerts: firing.map((name) => ({
                exp_labels: { function_name: name, service: 'gateway', severity: 'major' },
                exp_annotations: { summary: `${name} is called often`, description: `${name} answers 6.0 calls per second, more than 5.` },
              })),
            },
          ],
        },
      ],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'test.yml'), JSON.stringify(test));
    execFileSync('promtool', ['test', 'rules', join(folder, 'test.yml')], { stdio: 'pipe' });
  });

  it.each([
    ['service=gateway severity=major function_name=a alertname=APIHighInvocationRate', 'scale-up'],
    ['severity=critical alertname=DiskFull', 'nobody'],
    ['service=gateway severity=major alertname=NoFunction', 'nobody'],
  ])('alertmanager.yml takes %s to %s', (labels, receiver) => {
    const args = ['config', 'routes', 'test', `--config.file=${join(deploy, 'prometheus/alertmanager.yml')}`, ...labels.split(' ')];
    expect(execFileSync('amtool', args, { encoding: 'utf8' }).trim()).toBe(receiver);
  });
});

describeWithPrograms('deploy/grafana', ['prometheus'], 'prometheus', () => {
  let gateway: GatewayProcess;
  let prometheus: PrometheusProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('echo', { envProcess: 'cat' });
    await gateway.deploy('fails', { envProcess: 'false' });
    prometheus = await PrometheusProcess.start(gateway.metricsUrl);
    // A rate needs two scrapes with the same series.
    await call();
    await prometheus.until('count_over_time(gateway_function_invocation_total{code="500"}[1m]) > 1');
    await call();
    await prometheus.until('sum(increase(gateway_function_invocation_total{code="500"}[10s])) > 0');
  });
  afterAll(async () => {
    await prometheus.stop();
    await gateway.dispose();
  });

  async function call(): Promise<void> {
    for (const name of ['echo', 'fails']) await (await fetch(`${gateway.url}/function/${name}`, { method: 'POST', body: 'x' })).arrayBuffer();
  }

  it('asks only for metrics that the gateway has', async () => {
    const text = await (await fetch(gateway.metricsUrl)).text();
    const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map((match) => [match[1]!, match[2]!]));
    const names = [...types].flatMap(([name, type]) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]));
    const asked = new Set([...panelExpressions, ...ruleExpressions].flatMap(([, expression]) => metricsIn(expression)));
    expect(asked.size).toBeGreaterThan(8);
    expect([...asked].filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each([...panelExpressions, ...ruleExpressions])('%s: %s', async (_title, expression) => {
    const result = await prometheus.query(filledIn(expression));
    // Nothing has failed here, and nothing is called often.
    const mayBeEmpty = /shoal_replica_failures_total| > 5$/.test(expression);
    if (!mayBeEmpty) expect(result).not.toEqual([]);
  });

  it('asks the datasource that is provisioned, where the dashboards are mounted', () => {
    const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yml')) as { datasources: { uid: string; url: string }[] };
    const { providers } = parse(read('grafana/provisioning/dashboards/dashboards.yml')) as { providers: { options: { path: string } }[] };
    const uids = new Set(dashboard.panels.flatMap(({ datasource }) => (datasource ? [datasource.uid] : [])));
    expect([...uids]).toEqual(datasources.map(({ uid }) => uid));
    expect(datasources.map(({ url }) => url)).toEqual(['http://tasks.prometheus:9090']);
    expect(read('swarm/stack.yml')).toContain(`target: ${providers[0]!.options.path}/functions.json`);
  });
});
