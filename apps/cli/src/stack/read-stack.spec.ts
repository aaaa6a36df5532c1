import fc from 'fast-check';
import { CliError } from '../cli-error';
import { readStack } from './read-stack';

const HEAD = 'provider:\n  name: openfaas\nfunctions:\n  echo:\n';

/** Of a function whose keys are these lines, which begin at line 5. */
function functionOf(...lines: readonly string[]) {
  return readStack(HEAD + lines.map((line) => `    ${line}\n`).join(''), 'stack.yml').functions.get('echo')!;
}

function problemsOf(text: string): readonly string[] {
  try {
    readStack(text, 'stack.yml');
  } catch (error) {
    if (error instanceof CliError && error.reason === 'usage') return error.message.split('\n');
    throw error;
  }
  return [];
}

const problemsIn = (...lines: readonly string[]): readonly string[] => problemsOf(HEAD + lines.map((line) => `    ${line}\n`).join(''));

describe('readStack() of files as they are in the wild', () => {
  it('reads every key of the wire contract', () => {
    const stack = readStack(
      `
version: 1.0
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080
functions:
  resize-image:
    lang: node18
    handler: ./resize-image
    image: ghcr.io/team/resize-image:0.3.1
    fprocess: node index.js
    environment:
      write_timeout: 65s
      RAW_BODY: true
      ratio: 1.10
      mask: 0x10
      answer: yes
      nothing:
      quoted: "12"
    environment_file:
      - common.yml
      - images.yml
    secrets:
      - s3-access-key
      - s3.secret-key
    skip_build: false
    constraints:
      - node.role == worker
    labels:
      com.openfaas.scale.min: 2
      com.openfaas.scale.max: "8"
    annotations:
      topic: image.uploaded
      com.openfaas.retry.attempts: 3
    limits:
      memory: 256Mi
      cpu: 500m
    requests:
      memory: 64m
      cpu: 0.1
    readonly_root_filesystem: true
    build_args:
      NODE_ENV: production
      ADDITIONAL_PACKAGE: "vips git"
    build_options:
      - dev
    platforms: linux/amd64,linux/arm64
    build_secrets:
      npmrc: ./.npmrc
    namespace: media
configuration:
  templates:
    - name: node18
      source: https://github.com/openfaas/templates
    - name: golang-middleware
  copy:
    - ./common
`,
      'stack.yml',
    );
    expect(stack).toEqual({
      provider: { name: 'openfaas', gateway: 'http://127.0.0.1:8080' },
      functions: new Map([
        [
          'resize-image',
          {
            name: 'resize-image',
            lang: 'node18',
            handler: './resize-image',
            image: 'ghcr.io/team/resize-image:0.3.1',
            fprocess: 'node index.js',
            environment: { write_timeout: '65s', RAW_BODY: 'true', ratio: '1.10', mask: '0x10', answer: 'yes', nothing: '', quoted: '12' },
            environmentFiles: ['common.yml', 'images.yml'],
            secrets: ['s3-access-key', 's3.secret-key'],
            skipBuild: false,
            constraints: ['node.role == worker'],
            labels: { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '8' },
            annotations: { topic: 'image.uploaded', 'com.openfaas.retry.attempts': '3' },
            limits: { memory: '256Mi', cpu: '500m' },
            requests: { memory: '64m', cpu: '0.1' },
            readOnlyRootFilesystem: true,
            buildArgs: { NODE_ENV: 'production', ADDITIONAL_PACKAGE: 'vips git' },
            buildOptions: ['dev'],
            platforms: 'linux/amd64,linux/arm64',
            buildSecrets: { npmrc: './.npmrc' },
            namespace: 'media',
          },
        ],
      ]),
      configuration: {
        templates: [{ name: 'node18', source: 'https://github.com/openfaas/templates' }, { name: 'golang-middleware' }],
        copy: ['./common'],
      },
      warnings: [],
    });
  });

  it('reads an old file with a network, tabs in a block text, comments and Windows line ends', () => {
    const text = '# first\r\nprovider:\r\n  name: openfaas\r\n  network: "func_functions"   # not any more\r\n\r\nfunctions:\r\n  hook:\r\n    lang: python\r\n    handler: ./hook\r\n    image: team/hook\r\n    environment:\r\n      script: |\r\n        a\tb\r\n        c\r\n';
    const stack = readStack(text, 'old.yml');
    expect(stack.functions.get('hook')).toMatchObject({ lang: 'python', handler: './hook', environment: { script: 'a\tb\nc\n' } });
    expect(stack.warnings).toEqual(['old.yml:4: provider.network is not a key that is known, and is ignored']);
  });

  it('follows anchors, aliases and merge keys; what a function says itself wins, and then the first merged map', () => {
    const stack = readStack(
      `
provider: { name: openfaas }
x-common: &common
  lang: golang-http
  secrets: &secrets [db-password]
  limits: { memory: 64Mi }
defaults: &more
  lang: python3-http
  namespace: team
functions:
  one:
    <<: *common
    handler: ./one
    limits: { memory: 1Gi }
  two:
    <<: [*common, *more]
    secrets: *secrets
  three: { lang: node, <<: *more, <<: *common }
`,
      'stack.yml',
    );
    expect([...stack.functions.values()]).toMatchObject([
      { name: 'one', lang: 'golang-http', handler: './one', secrets: ['db-password'], limits: { memory: '1Gi' } },
      { name: 'two', lang: 'golang-http', namespace: 'team', secrets: ['db-password'], limits: { memory: '64Mi' } },
      { name: 'three', lang: 'node', namespace: 'team', secrets: ['db-password'] },
    ]);
    expect(stack.warnings).toEqual([]);
  });

  it('takes both names of the provider, JSON, and a file without functions', () => {
    expect(readStack('{"provider": {"name": "shoal"}, "functions": {"a": {"image": "b"}}}', 's.json').functions.get('a')!.image).toBe('b');
    const stack = readStack('provider:\n  name: shoal\nfunctions:\nconfiguration:\n  templates:\n', 'stack.yml');
    expect(stack).toMatchObject({ provider: { name: 'shoal' }, functions: new Map(), configuration: { templates: [], copy: [] } });
  });

  it('keeps the order of the functions, and names that JavaScript would sort or know', () => {
    const { functions } = readStack('provider: {name: openfaas}\nfunctions:\n  z: {}\n  10: {}\n  2: {}\n  constructor:\n    environment: {__proto__: a}\n', 's');
    expect([...functions.keys()]).toEqual(['z', '10', '2', 'constructor']);
    expect(Object.entries(functions.get('constructor')!.environment)).toEqual([['__proto__', 'a']]);
  });
});

describe('readStack() of a function', () => {
  it('has nothing where the file says nothing, or null', () => {
    const nothing = { name: 'echo', environment: {}, environmentFiles: [], secrets: [], skipBuild: false, labels: {}, annotations: {}, readOnlyRootFilesystem: false, buildArgs: {}, buildOptions: [], buildSecrets: {} };
    expect(functionOf()).toEqual(nothing);
    expect(functionOf('image:', 'fprocess: ""', 'environment:', 'secrets: null', 'limits: ~', 'skip_build:', 'constraints:')).toEqual(nothing);
  });

  it('tells an empty list of constraints from none', () => {
    expect(functionOf('constraints: []').constraints).toEqual([]);
  });

  it.each([['true', true], ['yes', true], ['On', true], ['"true"', true], ['false', false], ['no', false], ['OFF', false]])('reads the flag %s', (text, expected) => {
    expect(functionOf(`skip_build: ${text}`).skipBuild).toBe(expected);
  });

  it.each(['1.10', 'yes', '0x10', '010', '1e3', '.5', '+1', '2026-01-01', '1_000', '12:30:45', '!!str 5', '"a b"'])('keeps %s in a map as it is written', (text) => {
    expect(functionOf('environment:', `  A: ${text}`).environment).toEqual({ A: text.replace(/^!!str |"/g, '').replace(/"$/, '') });
  });
});

describe('readStack() says what is wrong, where, and what would be right', () => {
  it.each([
    ['limits: {memory: [1]}', 'functions.echo.limits.memory must be text such as 128Mi'],
    ['limits: {memory: lots}', 'functions.echo.limits.memory is not an amount of memory such as 128Mi'],
    ['requests: {cpu: -1}', 'functions.echo.requests.cpu is not an amount of CPU such as 100m or 0.5'],
    ['limits: 128Mi', 'functions.echo.limits must be a map such as {"memory":"128Mi","cpu":"500m"}'],
    ['image: [a]', 'functions.echo.image must be text such as registry.example.com/team/echo:1.0'],
    ['image: a b', 'functions.echo.image must not contain spaces or line breaks'],
    ['secrets: api-key', 'functions.echo.secrets must be a list such as ["api-key"]'],
    ['secrets: [a, API_KEY]', 'functions.echo.secrets[1] must consist of a-z, 0-9, - and ., and begin and end with a letter or digit'],
    ['secrets: [""]', 'functions.echo.secrets[0] is empty'],
    ['secrets: [{a: b}]', 'functions.echo.secrets[0] must be text'],
    ['skip_build: maybe', 'functions.echo.skip_build must be true or false'],
    ['environment: [A=b]', 'functions.echo.environment must be a map such as {"exec_timeout":"10s"}'],
    ['environment: {A: {B: c}}', 'functions.echo.environment.A must be text'],
    ['environment: {"A B": c}', 'functions.echo.environment.A B is not a name for an environment variable'],
    ['environment: {[a]: c}', 'functions.echo.environment has a key that is not text'],
    ['environment_file: env.yml', 'functions.echo.environment_file must be a list such as ["env.yml"]'],
    ['namespace: My_Team', 'functions.echo.namespace must consist of a-z, 0-9 and -, and begin and end with a letter or digit'],
    ['labels: {com.openfaas.scale.max: many}', 'functions.echo.labels.com.openfaas.scale.max must be a whole number from 0 to 1000'],
    ['labels: {com.openfaas.scale.min: 9, com.openfaas.scale.max: 3}', 'functions.echo.labels.com.openfaas.scale.min is 9, more than com.openfaas.scale.max, which is 3'],
    ['annotations: {com.openfaas.retry.attempts: -1}', 'functions.echo.annotations.com.openfaas.retry.attempts must be a whole number from 0 to 100'],
    ['annotations: {schedule: "* * * * *", schedule.missed: never}', 'functions.echo.annotations.schedule.missed must be skip or once'],
    ['<<: *nothing', '*nothing has no anchor &nothing before it'],
    ['<<: text', 'functions.echo.<< must be an alias of a map, such as *defaults'],
  ])('%s', (line, problem) => {
    expect(problemsIn('lang: node', line)).toContain(`stack.yml:6: ${problem}`);
  });

  it('names all problems at once, in the order of the file, each label on its own line', () => {
    const problems = problemsIn('skip_build: 7', 'labels:', '  a: b', '  com.openfaas.scale.max: x', '  com.openfaas.scale.zero: maybe', 'secrets:', '  - good', '  - Bad');
    expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      'stack.yml:5: functions.echo.skip_build',
      'stack.yml:8: functions.echo.labels.com.openfaas.scale.max',
      'stack.yml:9: functions.echo.labels.com.openfaas.scale.zero',
      'stack.yml:12: functions.echo.secrets[1]',
    ]);
  });

  it.each([
    ['', 'stack.yml:1: it is empty; it needs provider and functions'],
    ['# only a comment\n', 'stack.yml:1: it is empty; it needs provider and functions'],
    ['- a\n- b\n', 'stack.yml:1: must be a map'],
    ['functions: {}\n', 'stack.yml:1: provider.name is missing; it is openfaas or shoal'],
    ['functions: {}\nprovider:\n', 'stack.yml:2: provider.name is missing; it is openfaas or shoal'],
    ['provider:\n  name: faas\n', 'stack.yml:2: provider.name must be openfaas or shoal'],
    ['version: 1\nprovider: {name: openfaas}\n', 'stack.yml:1: version must be 1.0, the only version that there is'],
    ['provider: {name: openfaas}\nfunctions:\n  - name: echo\n', 'stack.yml:3: functions must be a map such as {"echo":{"lang":"node","handler":"./echo","image":"echo:latest"}}'],
    ['provider: {name: openfaas}\nfunctions:\n  Echo_1:\n    image: a\n', 'stack.yml:3: functions.Echo_1 must consist of a-z, 0-9 and -, and begin and end with a letter or digit'],
    ['provider: {name: openfaas}\nfunctions:\n  echo: image\n', 'stack.yml:3: functions.echo must be a map such as {"lang":"node","handler":"./echo","image":"echo:latest"}'],
    ['provider: {name: openfaas}\nconfiguration: {templates: [{source: a}]}\n', 'stack.yml:2: configuration.templates[0] has no name'],
    ['provider:\n\tname: openfaas\n', 'stack.yml:2: tabs are not allowed as indentation'],
    ['provider: {name: openfaas\n', 'stack.yml:2: flow map in block collection must be sufficiently indented and end with a }'],
    ['provider: {name: openfaas}\nfunctions:\n  a: {}\n  b: {}\n  a: {}\n', 'stack.yml:5: `a` is there twice in one map'],
    ['provider: {name: openfaas}\n---\nprovider: {name: openfaas}\n', 'stack.yml:2: a second document begins; a file holds one'],
    ['&a {<<: *a, provider: {name: openfaas}}', 'stack.yml:1: << is merged more than 20 levels deep'],
  ])('file %j', (text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  it('bounds what aliases of aliases may cost, and how deep a file may be', () => {
    const levels = Array.from({ length: 12 }, (_, level) => `x-${level + 1}: &x${level + 1} {<<: [${`*x${level}, `.repeat(9)}]}`);
    const startedMs = performance.now();
    expect(problemsOf(['provider: {name: openfaas}', 'x-0: &x0 {a: b}', ...levels, 'functions: {echo: {labels: *x12}}', ''].join('\n'))[0]).toMatch(/more than 10000 aliases are followed$/);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(problemsOf('['.repeat(100_000))).not.toEqual([]);
  });

  it('shows the first fifty of many problems', () => {
    const problems = problemsIn('secrets:', ...Array.from({ length: 60 }, () => '  - BAD'));
    expect(problems).toHaveLength(51);
    expect(problems[50]).toBe('and 10 more problems');
  });

  it('shows no value of an environment variable', () => {
    expect(problemsIn('environment: {"A B": hunter2, C: [hunter2]}').join()).not.toContain('hunter2');
  });

  it('answers with a stack or with CliError, whatever it is given', () => {
    const piece = fc.constantFrom('provider:', ' name: openfaas', 'functions:', '\n', '  ', 'a:', '- ', '&x ', '*x', '<<: ', '{', '}', '[', ']', '"', '|', '!!int ', '? ', '#', '\t', '---', 'limits:', 'labels:');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')), (text) => problemsOf(text).every((problem) => /^stack\.yml:\d+: ./.test(problem))),
      { numRuns: 500 },
    );
  });
});

describe('readStack() warns of keys that it does not know', () => {
  it('names the line, and the key that may be meant', () => {
    const text = `${HEAD}    enviroment: {}\n    x-mine: {}\n    network: a\n    limits:\n      mem: 1Gi\nfunction: {}\n`;
    expect(readStack(text, 'stack.yml').warnings).toEqual([
      'stack.yml:10: function is not a key that is known, and is ignored; did you mean `functions`?',
      'stack.yml:5: functions.echo.enviroment is not a key that is known, and is ignored; did you mean `environment`?',
      'stack.yml:7: functions.echo.network is not a key that is known, and is ignored',
      'stack.yml:9: functions.echo.limits.mem is not a key that is known, and is ignored; did you mean `memory`?',
    ]);
  });
});
