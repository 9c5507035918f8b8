#!/usr/bin/env node
// The `meridian` command of a checkout: brings the build up to date, then runs it.
await import('./bootstrap.mjs');
await import('../dist/src/app/main.js');
