// Ends with 0 while the gateway of this container answers: for the image's HEALTHCHECK, because there is no curl in it.
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';

const TIMEOUT_MS = 2_000;

const secure = Boolean(process.env.SHOAL_TLS_CERT);
// Whom the certificate is for matters to callers; here it is only asked whether somebody is there.
const options = { host: '127.0.0.1', port: process.env.SHOAL_PORT || 8080, path: '/healthz', timeout: TIMEOUT_MS, rejectUnauthorized: false };
const asked = (secure ? getSecurely : get)(options, ({ statusCode }) => end(statusCode === 200 ? 0 : 1, `/healthz answered ${statusCode}`));
asked.on('error', (error) => end(1, error.message));
asked.on('timeout', () => end(1, `/healthz did not answer within ${TIMEOUT_MS} ms`));

/** What is written here is in `docker inspect`, beside the code. */
function end(code, text) {
  console.log(text);
  process.exit(code);
}
