import request from 'supertest';
import { GatewayProcess } from './gateway-process';

describe('a fresh gateway', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_SAMPLES: 'true', basic_auth: 'true' });
  });
  afterAll(() => gateway.dispose());

  it('runs a classic sample', async () => {
    const answer = await request(gateway.url).post('/function/echo').type('text/plain').send('hello');
    expect(answer).toMatchObject({ status: 200, text: 'hello' });
    expect(answer.headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('wakes a sleeping http sample', async () => {
    const answer = await request(gateway.url).get('/function/nodeinfo');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ platform: process.platform });
  });

  it('asks for the password on the control plane, and takes the one that it printed', async () => {
    await request(gateway.url).get('/system/functions').expect(401, 'invalid credentials\n');
    const answer = await request(gateway.url).get('/system/functions').auth('admin', gateway.password).expect(200);
    expect(answer.body.map((one: { name: string }) => one.name)).toContain('echo');
  });
});
