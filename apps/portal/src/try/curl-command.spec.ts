import { curlCommand } from './curl-command';

const url = 'http://gateway/function/echo';

describe('curlCommand()', () => {
  it.each([
    [{ method: 'GET', url, headers: [] }, `curl -i ${url}`],
    [{ method: 'HEAD', url: `${url}?a[]=1`, headers: [{ name: 'X-Empty', value: '' }] }, `curl -I -g '${url}?a[]=1' \\\n  -H 'X-Empty;'`],
    [{ method: 'POST', url, headers: [{ name: 'X-A', value: "it's" }], body: { text: '@file' } }, `curl -i -X POST ${url} \\\n  -H 'X-A: it'\\''s' \\\n  --data-raw @file`],
    [{ method: 'PUT', url, headers: [], body: { fileName: 'a b.png' } }, `curl -i -X PUT ${url} \\\n  --data-binary '@a b.png'`],
    [{ method: 'PUT', url, headers: [], body: { fileName: '-' } }, `curl -i -X PUT ${url} \\\n  --data-binary @./-`],
    [{ method: 'POST', url, headers: [], body: { text: '' } }, `curl -i -X POST ${url} \\\n  --data-raw ''`],
  ])('writes %j', (request, command) => expect(curlCommand(request)).toBe(command));
});
