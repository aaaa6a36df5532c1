import type { Context, Event } from './types.ts';

/** What is returned is the answer: a text, bytes, or an object for JSON. An error is a 500. */
export default async (event: Event, context: Context): Promise<string> => {
  if (!['GET', 'POST'].includes(event.method)) {
    context.status(405).headers({ Allow: 'GET, POST' });
    return 'Use GET or POST.\n';
  }
  const name = event.query['name'] ?? (String(event.body).trim() || 'world');
  return `Hello, ${name}!\n`;
};
