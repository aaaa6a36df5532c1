import { readText } from './failure-of';

/** An answer that goes no further after its first character, and ends with what `signal` is aborted with. */
function stuck(signal: AbortSignal): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{'));
        signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    }),
  );
}

describe('readText()', () => {
  it('resolves with the whole text', async () => {
    expect(await readText(new Response('é'), new AbortController().signal)).toBe('é');
  });

  it('rejects in words of its own when the answer breaks off', async () => {
    const broken = new AbortController();
    const text = readText(stuck(broken.signal), new AbortController().signal);
    broken.abort(new TypeError('network error'));
    await expect(text).rejects.toMatchObject({ name: 'ApiError', status: 0, message: 'the answer of the gateway has broken off' });
  });

  it('rejects in words of its own when the time is over in the middle of the answer', async () => {
    const limit = new AbortController();
    const text = readText(stuck(limit.signal), AbortSignal.any([limit.signal]));
    limit.abort(new DOMException('signal timed out', 'TimeoutError'));
    await expect(text).rejects.toMatchObject({ name: 'ApiError', status: 0, message: 'no answer within 15 seconds' });
  });

  it('rejects with the reason when it is given up', async () => {
    const ending = new AbortController();
    const text = readText(stuck(ending.signal), ending.signal);
    ending.abort();
    await expect(text).rejects.toBe(ending.signal.reason);
  });
});
