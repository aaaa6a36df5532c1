/**
 * event: { body, headers, method, query, path }. What is returned is the answer: a text, bytes, or an object for JSON.
 * context.status(404) and context.headers({ 'X-Name': 'value' }) say the rest; an error is a 500.
 */
export default async (event, context) => {
  if (!['GET', 'POST'].includes(event.method)) {
    context.status(405).headers({ Allow: 'GET, POST' });
    return 'Use GET or POST.\n';
  }
  const name = event.query.name || (typeof event.body === 'string' ? event.body.trim() : event.body.name) || 'world';
  return `Hello, ${name}!\n`;
};
