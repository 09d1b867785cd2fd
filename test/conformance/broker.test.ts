// The broker's conformance cases against a node started as an operator starts it, with two threads: the suite that
// `npm run conformance` runs against any address, one test per case.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type NodeProcess, startNode } from '../support/node-process.ts';
import { brokerCases } from './broker/cases.ts';
import { reach, runCase, type Site } from './case.ts';

let node: NodeProcess;
let site: Site;

beforeAll(async () => {
  node = await startNode(['--threads', '2']);
  site = await reach(`ws://${node.doors['broker']}`);
});

afterAll(async () => {
  expect(await node.stop()).toBe(0);
});

for (const group of new Set(brokerCases.map((one) => one.group))) {
  describe(group, () => {
    for (const one of brokerCases.filter((each) => each.group === group)) {
      test(one.title, () => runCase(one, site, 10_000));
    }
  });
}
