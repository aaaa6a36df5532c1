import type { Engine } from '@shoal/adapters/swarm/engine';

interface Machine {
  readonly ID: string;
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string };
}

interface Task {
  readonly NodeID: string;
  readonly Status: { readonly State: string };
}

/** What Swarm itself says about machines and the replicas on them. Rejects while no leader is elected. */
export class SwarmView {
  constructor(private readonly engine: Engine) {}

  /** The machines of all replicas that run and are meant to, in order. */
  async placesOf(service: string): Promise<readonly string[]> {
    const filters = JSON.stringify({ service: [service], 'desired-state': ['running'] });
    const tasks = await this.engine.ask((docker) => docker.listTasks({ filters }) as unknown as Promise<readonly Task[]>);
    const names = new Map((await this.machines()).map(({ ID, Description }) => [ID, Description.Hostname]));
    return tasks.filter(({ Status }) => Status.State === 'running').map(({ NodeID }) => names.get(NodeID)!).sort();
  }

  /** Whether every machine takes part, as a worker and as a manager. */
  async isWhole(): Promise<boolean> {
    return (await this.machines()).every(({ Status, ManagerStatus }) => Status.State === 'ready' && ManagerStatus?.Reachability === 'reachable');
  }

  /** The machine that leads. */
  async leader(): Promise<string> {
    return (await this.machines()).find(({ ManagerStatus }) => ManagerStatus?.Leader)!.Description.Hostname;
  }

  private machines(): Promise<readonly Machine[]> {
    return this.engine.ask((docker) => docker.listNodes() as unknown as Promise<readonly Machine[]>);
  }
}
