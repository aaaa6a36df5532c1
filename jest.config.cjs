const swc = {
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: {
    '^@shoal/domain/(.*)$': '<rootDir>/libs/domain/src/$1',
    '^@shoal/adapters/(.*)$': '<rootDir>/libs/adapters/src/$1',
  },
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', swc] },
  // Published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@apidevtools|write-file-atomic)/)'],
  reporters: ['default', '<rootDir>/tools/count-reporter.cjs'],
  testTimeout: 20_000,
};
