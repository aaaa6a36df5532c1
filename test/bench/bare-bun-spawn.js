// The least that can run a process a call on Bun: what the watchdog's serializing mode is compared with.
Bun.serve({
  port: Number(process.env.port),
  hostname: '127.0.0.1',
  async fetch(request) {
    const child = Bun.spawn(['cat'], { stdin: await request.arrayBuffer(), stdout: 'pipe', stderr: 'ignore' });
    const output = await new Response(child.stdout).arrayBuffer();
    await child.exited;
    return new Response(output);
  },
});
