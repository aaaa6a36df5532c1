/** The dependency rule of docs/ARCHITECTURE.md. `test/architecture.spec.ts` proves that each rule bites. */
const vendorStaysHome = (vendor, homes) => ({
  name: `${vendor}-stays-home`,
  severity: 'error',
  from: { pathNot: `^(${homes.join('|')}|test)/` },
  to: { path: `node_modules/${vendor}/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: '^libs/domain/src', pathNot: '[.]spec[.]ts$' },
      to: { pathNot: '^libs/domain/src' },
    },
    {
      name: 'fakes-are-for-tests',
      severity: 'error',
      from: { pathNot: '([.]spec[.]ts$|^test/|^libs/domain/src/testing/)' },
      to: { path: '^libs/domain/src/testing/' },
    },
    {
      name: 'adapters-import-domain-only',
      severity: 'error',
      from: { path: '^libs/adapters', pathNot: '[.]spec[.]ts$' },
      to: { path: '^(apps|test)/' },
    },
    {
      name: 'adapters-stay-apart',
      severity: 'error',
      from: { path: '^libs/adapters/src/([^/]+)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^libs/adapters/src/', pathNot: '^libs/adapters/src/$1/' },
    },
    {
      name: 'apps-stay-apart',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    vendorStaysHome('undici', ['libs/adapters/src/http']),
    vendorStaysHome('lmdb', ['libs/adapters/src/lmdb']),
    vendorStaysHome('@nats-io', ['libs/adapters/src/nats']),
    vendorStaysHome('croner', ['libs/adapters/src/cron']),
    vendorStaysHome('ipaddr.js', ['libs/adapters/src/http']),
    vendorStaysHome('yaml', ['libs/adapters/src/local', 'apps/gateway/src', 'apps/cli/src']),
    vendorStaysHome('prom-client', ['apps/gateway/src']),
    vendorStaysHome('@nestjs', ['apps/gateway/src/control-plane']),
    vendorStaysHome('sucrase', ['apps/cli/src/build']),
    vendorStaysHome('tar-stream', ['apps/cli/src/build', 'libs/adapters/src/local']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
