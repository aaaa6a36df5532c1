const { availableParallelism } = require('node:os');

const swc = {
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};

/** Where the specs are that need Docker engines; all others are `plain`. `tools/test.mjs` runs these parts one by one. */
const folders = { engine: ['test/swarm', 'test/engine'], cluster: ['test/cluster'] };
const parts = (process.env.SHOAL_TEST_PARTS ?? 'plain,engine,cluster').split(',');
const isPlain = parts.includes('plain');
const foldersOf = (names) => names.flatMap((name) => folders[name] ?? []).map((folder) => `<rootDir>/${folder}/`);

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: isPlain ? ['**/*.spec.ts'] : foldersOf(parts).map((folder) => `${folder}**/*.spec.ts`),
  // Many specs wait more than they compute. Of engines there is one for all specs.
  maxWorkers: isPlain ? Math.max(3, availableParallelism() - 1) : 1,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...foldersOf(Object.keys(folders).filter((name) => !parts.includes(name)))],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: {
    '^@shoal/domain/(.*)$': '<rootDir>/libs/domain/src/$1',
    '^@shoal/adapters/(.*)$': '<rootDir>/libs/adapters/src/$1',
  },
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', swc] },
  // Published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@apidevtools|write-file-atomic)/)'],
  reporters: ['default', '<rootDir>/tools/count-reporter.cjs'],
  // What a build puts in.
  globals: { SHOAL_VERSION: '0.0.0', SHOAL_COMMIT: 'test' },
  testTimeout: 20_000,
};
