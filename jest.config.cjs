const { availableParallelism } = require('node:os');

const swc = {
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};

/** Where the specs of these parts are; all others are `plain`. `tools/test.mjs` says which of them run at the same time. */
const places = {
  // Measure how long something takes, to some milliseconds or under load: what runs beside them would be measured too.
  serial: ['test/e2e/watchdog-precision.spec.ts', 'test/faults/load/'],
  // These need Docker engines.
  engine: ['test/swarm/', 'test/engine/', 'test/faults/engine/'],
  cluster: ['test/cluster/'],
};
const parts = (process.env.SHOAL_TEST_PARTS ?? ['plain', ...Object.keys(places)].join()).split(',');
const isPlain = parts.includes('plain');
const placesOf = (names) => names.flatMap((name) => places[name] ?? []).map((place) => `<rootDir>/${place}`);

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: isPlain ? ['**/*.spec.ts'] : placesOf(parts).map((place) => (place.endsWith('/') ? `${place}**/*.spec.ts` : place)),
  // Plain specs wait more than they compute. Engines are there once for all specs. Another part that runs beside takes a place.
  maxWorkers: isPlain ? Math.max(3, availableParallelism() - 1) - Number(process.env.SHOAL_TEST_BESIDE ?? 0) : 1,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...placesOf(Object.keys(places).filter((name) => !parts.includes(name)))],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: {
    '^@shoal/domain/(.*)$': '<rootDir>/libs/domain/src/$1',
    '^@shoal/adapters/(.*)$': '<rootDir>/libs/adapters/src/$1',
  },
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', swc] },
  // Published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@apidevtools|write-file-atomic|content-disposition|preact)/)'],
  reporters: ['default', '<rootDir>/tools/count-reporter.cjs'],
  // What a build puts in.
  globals: { SHOAL_VERSION: '0.0.0', SHOAL_COMMIT: 'test' },
  // For what hangs; specs share the processors with each other's browsers, brokers and gateways.
  testTimeout: isPlain ? 60_000 : 120_000,
};
