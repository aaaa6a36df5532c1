// The least that can serve HTTP on Bun: what the watchdog's start and memory are compared with.
Bun.serve({ port: Number(process.env.port), hostname: '127.0.0.1', fetch: () => new Response('OK') });
