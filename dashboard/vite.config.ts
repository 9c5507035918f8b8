// How the dashboard is bundled: one page, one script, one style sheet, their names made of their content. Nothing is inlined,
// since the page's Content-Security-Policy allows no inline script and no data: address.

import { defineConfig } from 'vite';
import { worldMap } from './build/world-map.ts';

const root = import.meta.dirname;

// biome-ignore lint/style/noDefaultExport: Vite asks for one
export default defineConfig({
  root,
  base: './',
  publicDir: `${root}/public`,
  plugins: [worldMap()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  logLevel: 'warn',
  build: {
    outDir: `${root}/../dist/dashboard`,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licences.md' },
  },
});
