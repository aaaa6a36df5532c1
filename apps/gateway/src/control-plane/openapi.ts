import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MAX_BODY_BYTES } from './json-body';

type SchemaObject = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const;

/** Describes every route of the gateway: the control plane's from its controllers, the data plane's by hand. */
export function describeApi(app: NestFastifyApplication, version: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Shoal')
    .setDescription('Deploys, runs and scales functions. Calls to functions need no credentials; everything under /system does: basic authentication, or the session of a browser (POST /ui/session) together with the header X-Shoal-Session.')
    .setVersion(version)
    .addBasicAuth()
    .addSecurityRequirements('basic');
  const document = SwaggerModule.createDocument(app, builder.build());
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: problem, CallError: callError } };
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith('/system/')) continue;
    for (const method of METHODS) if (item[method]) describeGuard(item[method], method);
  }
  document.paths['/'] = { post: callOperation('Calls the function that `X-Function` or an Alexa intent names', true) };
  document.paths['/function/{name}'] = forAllMethods('Calls a function', '');
  document.paths['/function/{name}/{path}'] = forAllMethods('Calls a function with a path', 'Path');
  document.paths['/async-function/{name}'] = forAllMethods('Accepts a call that runs later', 'Later', acceptance);
  document.paths['/async-function/{name}/{path}'] = forAllMethods('Accepts a call with a path that runs later', 'LaterPath', acceptance);
  for (const path of ['/async-function/calls/{id}', '/async-function/calls/{id}/result']) {
    for (const method of METHODS) if (document.paths[path]![method]) document.paths[path]![method].security = [];
  }
  for (const method of METHODS) if (document.paths['/ui/session']![method]) document.paths['/ui/session']![method].security = [];
  document.paths['/healthz']!.get!.security = [];
  document.paths['/readyz']!.get!.security = [];
  return document;
}

/** What every route under /system/ may answer before its controller sees the request. */
function describeGuard({ responses, requestBody }: Operation, method: string): void {
  responses['401'] = { description: 'The credentials are missing or wrong.', ...textOrProblem };
  responses['429'] = { description: 'Too many attempts with wrong credentials; `Retry-After` says when to try again.', ...textOrProblem };
  if (method !== 'get') responses['403'] = { description: "Another site's page sent it.", ...textOrProblem };
  if (requestBody) responses['413'] = { description: `The body is larger than ${MAX_BODY_BYTES} bytes.`, ...textOrProblem };
}

const textOrProblem = {
  content: {
    'text/plain': { schema: { type: 'string' } },
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  },
} as const;

const problem: SchemaObject = {
  type: 'object',
  description: 'RFC 9457.',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
  },
};

const callError: SchemaObject = {
  type: 'object',
  description: 'An answer that the gateway made, not the function; the header X-Shoal-Error says so too.',
  required: ['code', 'message', 'callId', 'layer'],
  properties: {
    code: { type: 'string', example: 'upstream-timeout' },
    message: { type: 'string' },
    callId: { type: 'string' },
    layer: { type: 'string', enum: ['gateway', 'provider', 'watchdog', 'function'] },
    limitMs: { type: 'number' },
    elapsedMs: { type: 'number' },
  },
};

const CALL_FAILURES: Readonly<Record<string, string>> = {
  404: 'There is no such function.',
  413: 'The body is too large.',
  414: 'The request target is too long.',
  429: 'Too many calls wait; `Retry-After` says when to try again.',
  431: 'The headers are too large.',
  502: 'The replica broke off or could not be reached.',
  503: 'No replica is ready; the message has the reason.',
  504: 'A limit on time was hit; the body says which.',
};

const ACCEPTANCE_FAILURES: Readonly<Record<string, string>> = {
  400: 'The callback cannot be, or the idempotency key is too long.',
  404: 'There is no such function, or this gateway has no queue.',
  413: 'The body is larger than SHOAL_ASYNC_MAX_BODY.',
  414: 'The request target is too long.',
  503: 'The queue is full, or cannot be reached.',
};

/** What `/async-function/…` takes and answers. */
const acceptance: Partial<Operation> = {
  tags: ['asynchronous calls'],
  responses: {
    202: {
      description: 'The call is durably stored. `X-Call-Id` names it, `Location` is where it can be looked up. (A `DELETE` of a call id where no function has that name cancels the call.)',
      headers: { 'X-Call-Id': { schema: { type: 'string' } }, Location: { schema: { type: 'string' } } },
    },
    ...failures(ACCEPTANCE_FAILURES),
  },
};

const ACCEPTANCE_HEADERS = [
  { name: 'X-Callback-Url', in: 'header', required: false, description: 'Where the outcome is posted.', schema: { type: 'string', format: 'uri' } },
  { name: 'Idempotency-Key', in: 'header', required: false, description: 'Two requests to a function with the same key are one call.', schema: { type: 'string' } },
  { name: 'X-Call-Id', in: 'header', required: false, description: 'An id of your own; kept unless another call has it.', schema: { type: 'string' } },
] as const;

function forAllMethods(summary: string, idSuffix: string, changes: Partial<Operation> = {}): OpenAPIObject['paths'][string] {
  const parameters = [...parametersOf(idSuffix.endsWith('Path')), ...(idSuffix.startsWith('Later') ? ACCEPTANCE_HEADERS : [])];
  return Object.fromEntries(METHODS.map((method) => [method, { ...callOperation(summary, false), ...changes, operationId: `call${idSuffix}_${method}`, parameters }]));
}

function failures(reasons: Readonly<Record<string, string>>): Operation['responses'] {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/CallError' } } };
  return Object.fromEntries(Object.entries(reasons).map(([status, description]) => [status, { description, content }]));
}

function parametersOf(withPath: boolean): NonNullable<Operation['parameters']> {
  const name = { name: 'name', in: 'path', required: true, description: 'NAME or NAME.NAMESPACE', schema: { type: 'string' } } as const;
  const path = { name: 'path', in: 'path', required: true, description: 'Reaches the function as it is.', schema: { type: 'string' } } as const;
  return withPath ? [name, path] : [name];
}

function callOperation(summary: string, root: boolean): Operation {
  const header = { name: 'X-Function', in: 'header', required: false, description: 'NAME or NAME.NAMESPACE', schema: { type: 'string' } } as const;
  return {
    tags: ['calls'],
    summary,
    security: [],
    ...(root ? { operationId: 'callNamed', parameters: [header] } : {}),
    responses: {
      default: { description: "The function's own answer, whatever its status." },
      ...(root ? { 400: { description: 'Neither a header nor an intent names a function.' } } : {}),
      ...failures(CALL_FAILURES),
    },
  };
}
