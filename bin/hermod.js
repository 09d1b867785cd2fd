#!/usr/bin/env -S node --use-largepages=silent
// The command `hermod`: the published package has its JavaScript in dist/; a checkout runs src/.
// Node's own code in large pages, where the kernel has some: a request passes through much of it.

import { existsSync } from 'node:fs';

import './require-node.cjs';

const built = new URL('../dist/main.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/main.ts', import.meta.url).href);
