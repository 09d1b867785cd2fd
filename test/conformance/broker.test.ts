// The broker's conformance cases against nodes started as an operator starts them, with two threads: the suite that
// `npm run conformance` runs against any address, one test per case. First a node with every default, then nodes that
// are set so that no case goes without being run.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { selfSigned } from '../support/certificates.ts';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { brokerCases } from './broker/cases.ts';
import { type Case, reasonNotToRun, runCase } from './case.ts';
import { configurations, PAGE, SECRET } from './configurations.ts';
import { reach, siteAt, type Told } from './socket-site.ts';
import type { Site } from './target.ts';

const tried = new Set<Case>();

interface Tried {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly told: Told;
  readonly deflates: boolean;
  readonly isConcurrent: boolean;
  readonly isWanted: (one: Case) => boolean;
}

/** One test for each case that can be run on such a node, and that is wanted. */
function tests(name: string, { args, env, told, deflates, isConcurrent, isWanted }: Tried): void {
  let node: NodeProcess;
  let site: Site;
  // What can be run is known before the node is there: its address does not matter.
  const promised = { ...told, admin: 'http://localhost' };
  const foreseen = siteAt('ws://localhost', { greets: true, deflates }, promised);
  const its = brokerCases.filter(
    (one) => reasonNotToRun(one, foreseen) === undefined && isWanted(one),
  );
  for (const one of its) tried.add(one);

  describe(name, { concurrent: isConcurrent }, () => {
    beforeAll(async () => {
      node = await startNode(['--threads', '2', ...args], env);
      const admin = `http://${node.doors['admin']}`;
      site = await reach(`ws://${node.doors['broker']}`, { ...told, admin });
      expect(site.sockets?.deflates).toBe(deflates);
    });

    afterAll(async () => {
      expect(await node.stop()).toBe(0);
    });

    for (const one of its)
      test(`${one.group}: ${one.title}`, { timeout: 130_000 }, () => runCase(one, site));
  });
}

tests('every default', {
  args: [],
  env: {},
  told: {},
  deflates: false,
  isConcurrent: false,
  isWanted: () => true,
});

for (const configuration of configurations) {
  const { name, settings, env, isGuarded, isPatient, isConcurrent, groups } = configuration;
  const guard = isGuarded ? { secret: SECRET, origin: PAGE } : {};
  tests(name, {
    args: isGuarded ? ['--allowed-origin', PAGE, '--deflate'] : [],
    env: isGuarded ? { ...env, HERMOD_AUTH_SECRET: SECRET } : env,
    told: { settings, isPatient, ...guard },
    deflates: isGuarded,
    isConcurrent,
    // Whole runs, or what no run before could show.
    isWanted: (one) => groups.length === 0 || (groups.includes(one.group) && !tried.has(one)),
  });
}

describe('TLS', () => {
  const isSecure = (one: Case): boolean => one.ids.includes('PROC-TLS-1');
  const its = brokerCases.filter((one) => isSecure(one) || one.group === 'event-streams');
  let folder: string;
  let node: NodeProcess;
  let site: Site;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hermod-conformance-'));
    const { cert, key } = selfSigned();
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    node = await startNode(['--threads', '1', '--tls-cert', certFile, '--tls-key', keyFile]);
    setDefaultCACertificates([...getCACertificates('default'), cert]);
    site = await reach(`wss://${node.doors['broker']}`);
  });

  afterAll(async () => {
    expect(await node.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  for (const one of its) test(`${one.group}: ${one.title}`, () => runCase(one, site));

  test('every case is run somewhere here', () => {
    const never = brokerCases.filter((one) => !tried.has(one) && !isSecure(one));
    expect(never.map(({ title }) => title)).toEqual([]);
  });
});
