import { laneOf, partsOf, type Lane, type LaneKind } from '@shoal/domain/queue/lane';

const ID = /^[\w.:-]{1,128}$/;
const LABEL = /^[A-Za-z0-9-]+$/;

/** What the streams and subjects are called that a queue keeps its things in. */
export class Names {
  /** Calls until they have ended: one message each. */
  readonly calls: string;
  /** Outcomes that are still to be sent. */
  readonly callbacks: string;
  /** The outcome so far of calls that have been begun. */
  readonly live: string;
  /** The outcome of calls that need nothing more, for a while. */
  readonly ended: string;
  /** Of calls that failed, the outcomes and the calls. */
  readonly dead: string;
  /** The secret, and when schedules ran. */
  readonly meta: string;
  /** Nothing but room. */
  readonly reserve: string;

  constructor(readonly prefix: string) {
    if (!/^[\w-]+$/.test(prefix)) throw new Error('the prefix of a queue may have letters, digits, "-" and "_"');
    this.calls = `${prefix}-calls`;
    this.callbacks = `${prefix}-callbacks`;
    this.live = `${prefix}-live`;
    this.ended = `${prefix}-ended`;
    this.dead = `${prefix}-dead`;
    this.meta = `${prefix}-meta`;
    this.reserve = `${prefix}-reserve`;
  }

  streamOf(kind: LaneKind): string {
    return kind === 'call' ? this.calls : this.callbacks;
  }

  /** Of one call in its lane; without an id, of all of them. */
  inLane(lane: Lane, id?: string): string {
    const { kind, functionKey } = partsOf(lane);
    return `${this.prefix}.${kind}s.${tokensOf(functionKey)}.${id === undefined ? '*' : tokenOf(id)}`;
  }

  /** Of a call whose function is not known. */
  anywhere(id: string): string {
    return `${this.prefix}.calls.*.*.${tokenOf(id)}`;
  }

  liveOf(id: string): string {
    return `${this.prefix}.live.${tokenOf(id)}`;
  }

  /** Where the server tells what it has stored under `liveOf`. */
  changedOf(id: string): string {
    return `${this.prefix}.changed.${tokenOf(id)}`;
  }

  endedOf(id: string): string {
    return `${this.prefix}.ended.${tokenOf(id)}`;
  }

  /** Both may be `undefined`, for any. */
  letterOf(functionKey: string | undefined, id: string | undefined): string {
    return `${this.prefix}.dead.${functionKey === undefined ? '*.*' : tokensOf(functionKey)}.${id === undefined ? '*' : tokenOf(id)}`;
  }

  letterCallOf(id: string): string {
    return `${this.prefix}.dead-calls.${tokenOf(id)}`;
  }

  get reserved(): string {
    return `${this.prefix}.reserve`;
  }

  get secret(): string {
    return `${this.prefix}.meta.secret`;
  }

  scheduleOf(functionKey: string): string {
    return `${this.prefix}.meta.schedule.${tokensOf(functionKey)}`;
  }

  /** Where the server tells of what it has stored for a lane; with a last token more. */
  get ready(): string {
    return `${this.prefix}.ready`;
  }

  /** Where ids of calls are told that were cancelled. */
  get cancelled(): string {
    return `${this.prefix}.cancelled`;
  }

  /** `undefined` where a subject under `ready` is none of ours. */
  laneReady(subject: string): Lane | undefined {
    const [kind, namespace, name] = subject.slice(this.ready.length + 1).split('.');
    return isKind(kind) && isFunctionKey(`${name}.${namespace}`) ? laneOf(kind, `${name}.${namespace}`) : undefined;
  }

  /** The function of a subject that `letterOf` makes; `undefined` of others. */
  functionOfLetter(subject: string): string | undefined {
    const [namespace, name] = subject.slice(`${this.prefix}.dead.`.length).split('.');
    return isFunctionKey(`${name}.${namespace}`) ? `${name}.${namespace}` : undefined;
  }
}

/** What a lane's consumer is called; labels have no `_`. */
export function consumerOf(lane: Lane): string {
  return tokensOf(partsOf(lane).functionKey).replace('.', '_');
}

/** `undefined` of one that others have made. */
export function laneOfConsumer(kind: LaneKind, consumer: string): Lane | undefined {
  const [namespace, name, more] = consumer.split('_');
  return more === undefined && isFunctionKey(`${name}.${namespace}`) ? laneOf(kind, `${name}.${namespace}`) : undefined;
}

function isKind(text: string | undefined): text is LaneKind {
  return text === 'call' || text === 'callback';
}

/** `name.namespace` as `namespace.name`. */
function tokensOf(functionKey: string): string {
  if (!isFunctionKey(functionKey)) throw new Error(`${JSON.stringify(functionKey)} names no function`);
  const dot = functionKey.lastIndexOf('.');
  return `${functionKey.slice(dot + 1)}.${functionKey.slice(0, dot)}`;
}

export function isFunctionKey(text: string): boolean {
  const dot = text.lastIndexOf('.');
  return dot > 0 && LABEL.test(text.slice(0, dot)) && LABEL.test(text.slice(dot + 1));
}

/** Whether a call can have this id: the others need not be looked for. */
export function isId(id: string): boolean {
  return ID.test(id);
}

/** No id has a `%`. */
function tokenOf(id: string): string {
  if (!isId(id)) throw new Error(`${JSON.stringify(id)} cannot be the id of a call`);
  return id.replaceAll('.', '%');
}
