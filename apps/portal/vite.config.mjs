import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** Where `npm run dev:portal` finds a gateway. */
const gateway = process.env.SHOAL_URL ?? 'http://127.0.0.1:8080';
/** The page's own `Host` stays, by which the gateway tells our page from another site's. */
const toGateway = { target: gateway };

export default defineConfig({
  root: here('.'),
  // The gateway serves the page below /ui/, and a proxy may put more before it.
  base: './',
  resolve: {
    alias: [
      { find: /^@shoal\/domain\//, replacement: here('../../libs/domain/src/') },
      { find: /^@shoal\/adapters\//, replacement: here('../../libs/adapters/src/') },
    ],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../../dist/portal'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The licences of what is in the bundle go with it.
    license: { fileName: 'assets/licenses.md' },
    reportCompressedSize: false,
  },
  server: { proxy: { '/system': toGateway, '/function': toGateway, '/async-function': toGateway, '/ui/session': toGateway, '/docs': toGateway, '/readyz': toGateway } },
});
