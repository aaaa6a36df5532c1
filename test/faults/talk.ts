import { RawClient } from '../contracts/raw-client';
import { strictAnswers, type SeenAnswers } from './strict-answers';

const turn = () => new Promise(setImmediate);

export interface Talk extends SeenAnswers {
  readonly received: string;
}

/** Sends bytes on a connection of their own, each piece in a packet, and ends its half; resolves with all that came back. */
export async function talk(port: number, pieces: readonly string[], methods: readonly string[] = []): Promise<Talk> {
  const client = await RawClient.connect(port);
  try {
    for (const piece of pieces) {
      client.write(piece);
      if (pieces.length > 1) await turn();
    }
    client.end();
    const received = await client.ends().catch((error: Error) => {
      throw new Error(`asked with ${JSON.stringify(pieces.join('').slice(0, 2_000))}: ${error.message}`);
    });
    return { received, ...strictAnswers(received, { methods }) };
  } finally {
    client.destroy();
  }
}

