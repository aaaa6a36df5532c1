import { CliError } from '../cli-error';
import { textOf, type GatewayClient } from '../gateway/gateway-client';
import { waitUntilReady } from '../gateway/wait-until-ready';
import { colourFor } from '../output/colour';
import { say, type Terminal } from '../terminal';
import type { DeployOptions } from './deploy-options';
import { sendOne, type Deployable } from './deploy-project';
import type { Project } from './open-project';

/** Who has just saved wants to know at once. */
const PATIENCE_MS = 500;
const SHOWN_LINES = 10;

export interface Redeployment {
  readonly project: Project;
  readonly options: DeployOptions;
  /** When the change was seen, by `performance.now()`. */
  readonly sinceMs: number;
  /** Ends the wait for readiness: there is something newer. */
  readonly overtaken: AbortSignal;
}

/** Deploys what was just built in the place of what runs, and says in a line how it went; if badly, with the end of its log. */
export async function redeploy(terminal: Terminal, gateway: GatewayClient, deployable: Deployable, { project, options, sinceMs, overtaken }: Redeployment): Promise<void> {
  const { name } = deployable.function;
  const green = colourFor(terminal, 'stdout');
  const sentAt = new Date();
  const { namespace } = await sendOne(gateway, project, deployable, { ...options, update: true, replace: false });
  try {
    await waitUntilReady(gateway, name, { namespace, timeoutMs: options.waitTimeout, patienceMs: PATIENCE_MS, signal: overtaken });
    say(terminal, green(`${name}: the new version takes calls, ${Math.round(performance.now() - sinceMs)} ms after the change.`, 'green'));
  } catch (error) {
    if (!(error instanceof CliError) || overtaken.aborted) throw error;
    const lines = await logOf(gateway, name, namespace, sentAt);
    throw new CliError(error.reason, `${error.message}${lines}`, 'what ran before goes on until the next save');
  }
}

/** What the function has written since, indented; nothing when that cannot be had. */
async function logOf(gateway: GatewayClient, name: string, namespace: string | undefined, since: Date): Promise<string> {
  const query = { name, namespace, tail: String(SHOWN_LINES), since: since.toISOString() };
  const text = await gateway.ask('GET', '/system/logs', { query }).then((answer) => textOf(answer), () => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => `\n  ${(JSON.parse(line) as { text: string }).text}`).join('');
}
