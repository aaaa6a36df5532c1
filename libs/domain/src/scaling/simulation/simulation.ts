import { parseFunctionSpec, type FunctionSpec } from '../../functions/function-spec';
import { ReplicaDirectory, type FunctionEntry } from '../../invocation/replica-directory';
import { ShoalError } from '../../shared/errors';
import { Activator } from '../activator';
import { Activity } from '../activity';
import { Autoscaler } from '../autoscaler';
import { parseScalingPolicy } from '../scaling-policy';
import { Arrivals } from './arrivals';
import { leastReplicaSeconds } from './least-replicas';
import type { LoadTrace } from './load-trace';
import { Quantiles } from './quantiles';
import { SeededRandom } from './seeded-random';
import { drawServiceMs, type ServiceTime } from './service-time';
import { SimulatedCalls } from './simulated-calls';
import { SimulatedClock } from './simulated-clock';
import { SimulatedProvider, type ReplicaModel } from './simulated-provider';

export interface SimulationOptions {
  readonly trace: LoadTrace;
  /** Each has the load of the trace; all but the first begin somewhere within it. */
  readonly functions: number;
  /** As at deploy: the policy. */
  readonly labels: Readonly<Record<string, string>>;
  readonly replica: ReplicaModel;
  readonly service: ServiceTime;
  /** How long a call may wait. */
  readonly patienceMs: number;
  /** Between two looks of the autoscaler. */
  readonly tickMs: number;
  readonly seed: number;
  /** Processor time that has been used so far, in milliseconds; without it nobody measures what the ticks cost. */
  readonly cpuMs?: () => number;
  /** Told of each second of the trace when it has passed. */
  readonly passed?: (second: number) => void;
  /** Awaited between two looks of the autoscaler: a simulation lets nothing else run by itself. When it rejects, so does the simulation. */
  readonly betweenTicks?: () => Promise<void>;
}

/** All functions together, at the end of one second. */
export interface SimulatedSecond {
  readonly second: number;
  /** Calls that came within it. */
  readonly calls: number;
  readonly desired: number;
  readonly ready: number;
  readonly waiting: number;
}

export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface SimulationResult {
  /** Asked for, of all functions together. */
  readonly replicas: { readonly min: number; readonly mean: number; readonly max: number; readonly end: number };
  readonly calls: number;
  /** Found too many waiting. */
  readonly refused: number;
  /** Waited too long. */
  readonly timedOut: number;
  readonly waitingMs: Spread;
  readonly latencyMs: Spread;
  /** How often a count went the other way than at its last change. */
  readonly reversals: number;
  /** Of replicas that started, could take calls, or drained. */
  readonly replicaSeconds: number;
  /** What the policy asks for if it knew each second's load beforehand, and replicas came and went at once. */
  readonly leastReplicaSeconds: number;
  readonly seconds: readonly SimulatedSecond[];
  /** Processor time of one look at all functions. */
  readonly tickCpuMs: Spread | undefined;
}

export const MAX_SIMULATED_FUNCTIONS = 100_000;
const NAMESPACE = 'simulation';
/** Streams of random numbers. The same calls come and take the same time, whatever the policy does. */
const STREAM = { ticks: 1, starts: 2, shifts: 3, functions: 4 } as const;

/**
 * Lets the load of a trace come to functions that the real autoscaler scales, in simulated time. The load begins when the
 * replicas that the deployment asked for are ready. The same options give the same result, but for `tickCpuMs`.
 *
 * Rejects with `invalid-request` what it cannot simulate.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  check(options);
  const simulation = new Simulation(options);
  await simulation.deploy();
  await simulation.play();
  return simulation.finish();
}

class Simulation {
  private readonly clock = new SimulatedClock();
  private readonly directory = new ReplicaDirectory();
  private readonly provider: SimulatedProvider;
  private readonly autoscaler: Autoscaler;
  private readonly calls: SimulatedCalls;
  private readonly seconds: SimulatedSecond[] = [];
  private readonly tickCpuMs = new Quantiles();
  private tickAtMs = 0;

  constructor(private readonly options: SimulationOptions) {
    const { clock, directory } = this;
    const { replica, seed, patienceMs } = options;
    const provider = new SimulatedProvider(replica, clock, new SeededRandom(seed, STREAM.starts));
    const activity = new Activity(directory, clock);
    this.provider = provider;
    this.autoscaler = new Autoscaler({ provider, directory, metrics: activity, clock, changed: () => undefined });
    this.calls = new SimulatedCalls({ provider, activity, clock, patienceMs, activator: new Activator(provider, clock) });
  }

  /** Passes the time until all replicas are ready. */
  async deploy(): Promise<void> {
    const { functions, labels, replica } = this.options;
    await this.provider.watch(this.directory.apply);
    for (let index = 0; index < functions; index++) await this.provider.apply(specOf(index, labels));
    this.clock.runUntil(replica.startUpMs * (1 + replica.startUpJitter));
  }

  /** From the beginning of the trace to its end. */
  async play(): Promise<void> {
    const { clock, provider } = this;
    const { trace, seed, tickMs } = this.options;
    const startMs = clock.nowMs();
    provider.desired.begin();
    provider.existing.begin();
    this.letCallsCome();
    this.noteSeconds();
    // Somewhere within a second of the trace, as in life.
    this.tickAtMs = startMs + new SeededRandom(seed, STREAM.ticks).next() * tickMs;
    const endMs = startMs + trace.callsPerSecond.length * 1_000;
    while (this.tickAtMs <= endMs) await this.tick();
    clock.runUntil(endMs);
  }

  /** Those who are still here get their answers; what was measured of replicas is of the trace only. */
  async finish(): Promise<SimulationResult> {
    const { calls, seconds, options } = this;
    const replicas = this.replicaNumbers();
    while (calls.busy) await this.tick();
    return {
      ...replicas,
      calls: calls.came,
      refused: calls.refused,
      timedOut: calls.timedOut,
      waitingMs: spreadOf(calls.waitingMs),
      latencyMs: spreadOf(calls.latencyMs),
      seconds,
      tickCpuMs: options.cpuMs && spreadOf(this.tickCpuMs),
    };
  }

  private letCallsCome(): void {
    const { seed, trace } = this.options;
    const shifts = new SeededRandom(seed, STREAM.shifts);
    let index = 0;
    for (const entry of this.directory.all()) {
      const shiftSeconds = index === 0 ? 0 : Math.floor(shifts.next() * trace.callsPerSecond.length);
      this.letCallsComeTo(entry, new SeededRandom(seed, STREAM.functions + index++), shiftSeconds);
    }
  }

  private letCallsComeTo(entry: FunctionEntry, random: SeededRandom, shiftSeconds: number): void {
    const { clock, calls } = this;
    const { trace, service } = this.options;
    const arrivals = new Arrivals(trace.callsPerSecond, random, shiftSeconds);
    const startMs = clock.nowMs();
    const next = () => {
      const atSeconds = arrivals.next();
      if (atSeconds !== undefined) clock.after(startMs + atSeconds * 1_000 - clock.nowMs(), come);
    };
    const come = () => {
      calls.come(entry, drawServiceMs(service, random));
      next();
    };
    next();
  }

  private noteSeconds(cameBefore = 0): void {
    this.clock.after(1_000, () => {
      const { seconds, provider } = this;
      const { came, waiting } = this.calls;
      seconds.push({ second: seconds.length, calls: came - cameBefore, desired: provider.desired.value, ready: provider.ready.value, waiting });
      this.options.passed?.(seconds.length);
      if (seconds.length < this.options.trace.callsPerSecond.length) this.noteSeconds(came);
    });
  }

  private async tick(): Promise<void> {
    const { tickMs, cpuMs, betweenTicks } = this.options;
    await betweenTicks?.();
    this.clock.runUntil(this.tickAtMs);
    this.tickAtMs += tickMs;
    const beganMs = cpuMs?.() ?? 0;
    await this.autoscaler.tick();
    if (cpuMs) this.tickCpuMs.add(cpuMs() - beganMs);
  }

  private replicaNumbers(): Pick<SimulationResult, 'replicas' | 'reversals' | 'replicaSeconds' | 'leastReplicaSeconds'> {
    const { functions, labels } = this.options;
    const { desired, existing, reversals } = this.provider;
    return {
      replicas: { min: desired.min, mean: desired.mean(), max: desired.max, end: desired.value },
      reversals,
      replicaSeconds: existing.total() / 1_000,
      leastReplicaSeconds: functions * leastReplicaSeconds(parseScalingPolicy(labels), this.options),
    };
  }
}

function specOf(index: number, labels: Readonly<Record<string, string>>): FunctionSpec {
  return parseFunctionSpec({ service: `f${index}`, namespace: NAMESPACE, image: 'simulated', labels });
}

function check({ functions, labels, tickMs, replica, service, patienceMs }: SimulationOptions): void {
  const { type } = parseScalingPolicy(labels);
  if (type === 'cpu' || type === 'alert') throw invalid(`a simulation knows neither CPU nor alerts: functions of type ${type} cannot be simulated`);
  if (!(Number.isInteger(functions) && functions >= 1 && functions <= MAX_SIMULATED_FUNCTIONS)) throw invalid(`there must be from 1 to ${MAX_SIMULATED_FUNCTIONS} functions`);
  if (!(tickMs >= 100)) throw invalid('between two ticks there must be 100 ms or more');
  if (!(replica.room >= 1)) throw invalid('a replica must have room for 1 call or more');
  if (!(replica.startUpMs >= 0 && replica.startUpJitter >= 0 && replica.startUpJitter <= 1)) throw invalid('the start-up time must be 0 or more, and its jitter from 0 to 1');
  if (!(service.meanMs > 0)) throw invalid('the service time must be more than 0');
  if (!(patienceMs > 0)) throw invalid('the patience must be more than 0');
}

function spreadOf(values: Quantiles): Spread {
  return { mean: values.mean, p50: values.quantile(0.5), p99: values.quantile(0.99), max: values.max };
}

function invalid(problem: string): ShoalError {
  return new ShoalError('invalid-request', problem);
}
