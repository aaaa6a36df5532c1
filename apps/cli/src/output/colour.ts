import { takesColour, type Terminal } from '../terminal';

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const;

export type Colour = keyof typeof CODES;

/** Colours texts for one stream of the terminal, or leaves them as they are where that takes no colours. */
export function colourFor(terminal: Terminal, stream: 'stdout' | 'stderr'): (text: string, colour: Colour) => string {
  if (!takesColour(terminal, terminal[stream])) return (text) => text;
  return (text, colour) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`;
}
