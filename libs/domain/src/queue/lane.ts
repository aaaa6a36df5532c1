/** What is done for a function, each in its own order and with its own bound: its calls run, its callbacks are sent. */
export type LaneKind = 'call' | 'callback';

/** One line of a queue: `call:echo.openfaas-fn`. */
export type Lane = `${LaneKind}:${string}`;

export function laneOf(kind: LaneKind, functionKey: string): Lane {
  return `${kind}:${functionKey}`;
}

export function partsOf(lane: Lane): { readonly kind: LaneKind; readonly functionKey: string } {
  const colon = lane.indexOf(':');
  return { kind: lane.slice(0, colon) as LaneKind, functionKey: lane.slice(colon + 1) };
}
