// Builds every app into dist/: one file each, so that they start fast and need no node_modules of their own.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { build as buildPage } from 'vite';
import { packagesIn } from './third-party.mjs';
import { shippedFiles } from './shipped-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

/** esbuild cannot emit the types that Nest injects by and validates with; SWC can. Only files with decorators need it. */
const decorators = {
  name: 'decorators',
  setup({ onLoad }) {
    onLoad({ filter: /apps\/gateway\/src\/control-plane\/.*\.ts$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        filename: path,
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      });
      return { contents: code, loader: 'js' };
    });
  },
};

/** Nest asks for these only when they are there; they are not. */
const absent = ['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express', '@nestjs/platform-socket.io', '@fastify/view', '@fastify/multipart', '@nestjs/axios', '@nestjs/mongoose', '@nestjs/sequelize', '@nestjs/typeorm', '@mikro-orm/core', '@mikro-orm/nestjs', '@grpc/grpc-js', '@grpc/proto-loader', 'class-transformer/storage'].flatMap((name) => [name, `${name}/*`]);

/** Use files that lie beside them, pages or a native library, and so cannot leave their place. */
const withFiles = ['swagger-ui-dist', 'swagger-ui-dist/*', 'lmdb'];

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

/** What all programs for Node are built with. */
function nodeOptions() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const define = { 'import.meta.url': 'moduleUrl',  SHOAL_VERSION: JSON.stringify(version), SHOAL_COMMIT: JSON.stringify(commit()) };
  // For checking telephone numbers, and for a Docker engine's ssh and build sessions: nothing here does either.
  const unused = ['libphonenumber-js/max', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'ssh2'];
  const alias = Object.fromEntries(unused.map((name) => [name, './tools/absent.cjs']));
  // Some dependencies are ES modules that ask for their own URL.
  const banner = { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" };
  return { bundle: true, platform: 'node', target: 'node20', format: 'cjs', define, absWorkingDir: root, logLevel: 'warning', minifyWhitespace: true, minifySyntax: true, banner, alias };
}

/** A program with the gateway in it, control plane and all. */
export function buildGateway(entryPoint, outfile) {
  return build({ ...nodeOptions(), entryPoints: [entryPoint], outfile, plugins: [decorators], external: [...absent, ...withFiles] });
}

/** Rejects when something does not compile. */
export async function buildAll() {
  const node = nodeOptions();
  rmSync(join(dist, 'gateway'), { recursive: true, force: true });
  const [, , watchdog, cli] = await Promise.all([
    buildGateway('apps/gateway/src/main.ts', 'dist/gateway/main.cjs'),
    build({ ...node, entryPoints: ['apps/gateway/src/workers/main.ts'], outfile: 'dist/gateway/data-plane-worker.cjs' }),
    build({ ...node, entryPoints: ['apps/watchdog/src/main.ts'], outfile: 'dist/watchdog/main.cjs', metafile: true }),
    build({ ...node, entryPoints: ['apps/cli/src/main.ts'], outfile: 'dist/cli/main.cjs', metafile: true, define: { ...node.define, SHOAL_SHIPPED: JSON.stringify(shippedFiles()) } }),
    buildPage({ configFile: join(root, 'apps/portal/vite.config.mjs'), logLevel: 'warn' }),
  ]);
  writeFileSync(join(dist, 'cli/packages.json'), JSON.stringify(packagesIn(watchdog.metafile, cli.metafile)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
