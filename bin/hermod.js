#!/usr/bin/env node
// The command `hermod`: the published package has its JavaScript in dist/; a checkout runs src/.

import { existsSync } from 'node:fs';

import './require-node.cjs';

const built = new URL('../dist/main.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/main.ts', import.meta.url).href);
