import type { SimulationResult } from '@shoal/domain/scaling/simulation/simulation';

/** One value of what may have several. */
export interface Choice {
  readonly name: string;
  readonly value: string;
  readonly isLabel?: boolean;
}

export interface SimulationRun {
  readonly choices: readonly Choice[];
  readonly result: SimulationResult;
}

export type Row = Readonly<Record<string, string | number>>;

/** Every choice of one value each. */
export function combine(varied: readonly { readonly name: string; readonly values: readonly string[]; readonly isLabel: boolean }[]): readonly (readonly Choice[])[] {
  return varied.reduce<readonly (readonly Choice[])[]>(
    (combinations, { name, values, isLabel }) => combinations.flatMap((one) => values.map((value) => [...one, { name, value, isLabel }])),
    [[]],
  );
}

/** What came of one run, behind the choices that `columns` names. */
export function rowOf({ choices, result }: SimulationRun, columns: readonly string[]): Row {
  const { replicas, waitingMs, latencyMs, tickCpuMs } = result;
  return {
    ...Object.fromEntries(choices.filter(({ name }) => columns.includes(name)).map(({ name, value }) => [shortName(name), value])),
    min: replicas.min,
    mean: rounded(replicas.mean),
    max: replicas.max,
    end: replicas.end,
    calls: result.calls,
    refused: result.refused,
    'timed out': result.timedOut,
    'waiting p50 ms': rounded(waitingMs.p50),
    'waiting p99 ms': rounded(waitingMs.p99),
    'latency p50 ms': rounded(latencyMs.p50),
    'latency p99 ms': rounded(latencyMs.p99),
    reversals: result.reversals,
    'replica-seconds': Math.round(result.replicaSeconds),
    'least possible': Math.round(result.leastReplicaSeconds),
    ...(tickCpuMs ? { 'tick CPU mean ms': rounded(tickCpuMs.mean), 'tick CPU p99 ms': rounded(tickCpuMs.p99) } : {}),
  };
}

/** Means over the runs of each value; calls, refused and reversals are sums. */
export function summaryBy(name: string, runs: readonly SimulationRun[]): readonly Row[] {
  const groups = new Map<string, SimulationResult[]>();
  for (const { choices, result } of runs) {
    const { value } = choices.find((one) => one.name === name)!;
    groups.set(value, [...(groups.get(value) ?? []), result]);
  }
  return [...groups].map(([value, results]) => {
    const sum = (of: (result: SimulationResult) => number) => results.reduce((total, result) => total + of(result), 0);
    const mean = (of: (result: SimulationResult) => number) => rounded(sum(of) / results.length);
    return {
      [shortName(name)]: value,
      runs: results.length,
      calls: sum(({ calls }) => calls),
      'refused or timed out': sum(({ refused, timedOut }) => refused + timedOut),
      'waiting p99 ms': mean(({ waitingMs }) => waitingMs.p99),
      'latency p99 ms': mean(({ latencyMs }) => latencyMs.p99),
      reversals: sum(({ reversals }) => reversals),
      'replica-seconds ÷ least': mean(({ replicaSeconds, leastReplicaSeconds }) => replicaSeconds / leastReplicaSeconds),
    };
  });
}

/** A label without what all of these have in common. */
export function shortName(name: string): string {
  return name.replace(/^com\.openfaas\.scale\./, '');
}

/** To three digits. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
