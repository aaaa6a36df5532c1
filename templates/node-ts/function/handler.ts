import type { Context, Event } from './types.ts';

/** What is returned is the answer: a text, bytes, or an object for JSON. An error is a 500. */
export default async (event: Event<string | { name?: string }>, context: Context): Promise<string> => {
  if (!['GET', 'POST'].includes(event.method)) {
    context.status(405).headers({ Allow: 'GET, POST' });
    return 'Use GET or POST.\n';
  }
  const name = event.query['name'] || (typeof event.body === 'string' ? event.body.trim() : event.body.name) || 'world';
  return `Hello, ${name}!\n`;
};
