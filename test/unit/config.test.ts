// Flags, environment and file to options, or to every mistake with its place and a way out.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { chatDefaults } from '../../src/actors/chat/chat-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import {
  type ConfigInput,
  type ConfigReading,
  type NodeOptions,
  readConfig,
} from '../../src/config.ts';
import type { FileChecks } from '../../src/config/checks/file-checks.ts';
import { configFlag, declareFlags, fromFlags } from '../../src/config/flags.ts';
import { readPushpinConf } from '../../src/config/pushpin/pushpin-conf.ts';
import type { Mistake } from '../../src/config/layers.ts';
import { referenceTable } from '../../src/config/reference.ts';
import { settings } from '../../src/config/settings.ts';
import { nearest } from '../../src/config/spelling.ts';

const content: FileChecks = {
  tls: () => [],
  auth: () => [],
  passwords: () => [],
  secrets: () => [],
  state: () => [],
  peerTls: () => [],
};

interface Layers {
  readonly args?: readonly string[];
  readonly env?: ConfigInput['env'];
  readonly text?: string;
  readonly checks?: FileChecks;
  readonly cores?: number;
}

function read({ args = [], env = {}, text, checks = content, cores = 4 }: Layers): ConfigReading {
  const file = text === undefined ? undefined : { name: 'h.yaml', text };
  return readConfig({ flags: fromFlags(commandWith(args)), env, file, cores, checks });
}

function commandWith(args: readonly string[]): Command {
  const command = declareFlags(new Command('start'))
    .exitOverride()
    .action(() => {});
  return command.parse(args, { from: 'user' });
}

function options(layers: Layers): NodeOptions {
  const reading = read(layers);
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
  return reading.options;
}

function mistakes(layers: Layers): readonly Mistake[] {
  const reading = read(layers);
  return reading.ok ? [] : reading.mistakes;
}

const place = ({ file, line, column, key }: Mistake): string =>
  [file, line, column, key].filter((part) => part !== undefined).join(':');

describe('defaults', () => {
  test('[PROC-CONF-2] nothing said gives a node on loopback with the defaults of its parts', () => {
    expect(options({})).toEqual({
      threads: 4,
      json: false,
      doors: {
        broker: { host: '127.0.0.1', port: 443, portWasSet: false, tls: undefined, deflate: false },
        admin: { host: '127.0.0.1', port: 7_998, tls: undefined },
        chat: undefined,
      },
      gateway: undefined,
      bridge: [],
      auth: undefined,
      log: { level: 'info', format: 'auto' },
      drain: { spreadMs: 5_000, deadlineMs: 10_000 },
      broker: brokerDefaults,
      home: homeDefaults,
      chat: chatDefaults,
    });
  });

  test.each([
    [1, 1],
    [8, 8],
    [64, 8],
    [0, 1],
  ])('[PROC-CONF-2] %d cores make %d threads', (cores, threads) => {
    expect(options({ cores }).threads).toBe(threads);
  });

  test('[PROC-CONF-2] each default can be written, and means itself', () => {
    for (const { key, kind, fallback } of settings) {
      if (fallback === undefined || kind.isSecret === true || key === 'broker.allowedOrigins')
        continue;
      expect([key, kind.read(kind.show(fallback))]).toEqual([key, { ok: true, value: fallback }]);
    }
  });
});

describe('the chat', () => {
  test('[PROC-CHAT-1] [PROC-CHAT-2] opens when its port is set, and its settings must suit one another', () => {
    const { doors, chat } = options({
      args: ['--chat-port', '7500', '--chat-envelope', 'lenient'],
    });
    expect(doors.chat).toMatchObject({ host: '127.0.0.1', port: 7_500, tls: undefined });
    expect(chat.envelope).toBe('lenient');
    const problems = (text: string, checks?: FileChecks): string[] =>
      mistakes({ text, checks: checks ?? content }).map(({ key }) => key);
    expect(problems('chat: { auth: password }')).toEqual(['chat.auth']);
    expect(problems('chat: { auth: [token, none] }')).toEqual(['chat.auth']);
    expect(problems('chat: { pingTimeoutMs: 10s }')).toEqual(['chat.pingTimeoutMs']);
    expect(problems('chat: { bodyBytesMax: 64KiB }')).toEqual(['chat.bodyBytesMax']);
    const broken = {
      ...content,
      passwords: () => [{ key: 'passwordFile', problem: 'p', wayOut: 'w' }],
    };
    expect(problems('chat: { passwordFile: f }', broken)).toEqual(['chat.passwordFile']);
    const warned = read({ args: ['--chat-port', '0', '--chat-host', '0.0.0.0'] });
    expect(warned.ok && warned.warnings.join()).toMatch(
      /The chat listens on 0\.0\.0\.0 without auth/,
    );
  });
});

describe('a pushpin.conf', () => {
  const conf = (text: string) => readPushpinConf({ file: '/etc/pushpin/pushpin.conf', text });
  const plain = '[runner]\nhttp_port=7999\n[proxy]\nroutesfile=routes\nsig_key=changeme\n';
  const withConf = (text: string, args: readonly string[] = []): ConfigReading =>
    readConfig({
      flags: fromFlags(commandWith(args)),
      env: {},
      file: undefined,
      cores: 2,
      checks: content,
      pushpin: conf(text),
    });

  test('[PROC-GATE-1] says what the gateway is; unknown keys warn, bad values are mistakes', () => {
    const reading = withConf(`${plain}nobody_knows=1\n`);
    if (!reading.ok) throw new Error('it reads');
    expect(reading.options.gateway).toMatchObject({
      httpAddresses: [{ host: undefined, port: 7_999 }],
      routesFile: '/etc/pushpin/routes',
      gateway: { sigKey: 'changeme', sigIss: 'pushpin' },
    });
    expect(reading.warnings.join()).toContain('nobody_knows');
    const bad = withConf(plain.replace('7999', 'x'));
    expect(bad.ok ? [] : bad.mistakes.map(({ line }) => line)).toContain(2);
  });

  test.each([
    ['0', 'error'],
    ['1', 'warn'],
    ['2', 'info'],
    ['3', 'debug'],
    ['4', 'debug'],
    ['1,proxy:3', 'warn'],
  ])(
    '[PROC-GATE-4] log_level=%s is our level %s, unless somebody says otherwise',
    (given, level) => {
      const text = plain.replace('[proxy]', `log_level=${given}\n[proxy]`);
      const reading = withConf(text);
      expect(reading.ok && reading.options.log.level).toBe(level);
      const asked = withConf(text, ['--log-level', 'warn']);
      expect(asked.ok && asked.options.log.level).toBe('warn');
    },
  );

  test('[PROC-GATE-1] settings of gateway.* beside it say nothing, and that is said', () => {
    const beside = withConf(plain, ['--gateway-port', '8000', '--log-level', 'warn']);
    expect(beside.ok && beside.warnings).toContain(
      '--gateway-port says nothing beside a pushpin.conf.',
    );
    expect(beside.ok && beside.warnings.join()).not.toContain('log-level');
  });

  test('[PROC-GATE-2] other doors open only when their port is set', () => {
    const quiet = withConf(plain);
    expect(quiet.ok && quiet.options.doors).toEqual({ broker: undefined, admin: undefined });
    const asked = withConf(plain, ['--port', '8001', '--admin-port', '8002']);
    expect(asked.ok && asked.options.doors).toMatchObject({
      broker: { port: 8_001 },
      admin: { port: 8_002 },
    });
  });
});

describe('values', () => {
  test.each([
    ['deflate: constructor', 'broker.deflate'],
    ['deflate: __proto__', 'broker.deflate'],
    // Nothing would be everything: every address of the machine.
    ['host: ""', 'broker.host'],
    ['tls: { certFile: "", keyFile: k }', 'broker.tls.certFile'],
  ])('%s is a mistake', (line, key) => {
    expect(mistakes({ text: `broker: { ${line} }` }).map((mistake) => mistake.key)).toContain(key);
  });
});

describe('layers', () => {
  const text = 'broker:\n  port: 1\n';

  test.each<[string, Layers, number]>([
    ['the file beats the default', { text }, 1],
    ['the environment beats the file', { text, env: { WS_PORT: '2' } }, 2],
    ['the flag beats both', { text, env: { WS_PORT: '2' }, args: ['--port', '3'] }, 3],
    ['a later flag beats an earlier one', { args: ['--port', '3', '--port=4'] }, 4],
    ['an empty variable says nothing', { text, env: { WS_PORT: '' } }, 1],
  ])('[PROC-CONF-2] %s', (_, layers, port) => {
    expect(options(layers).doors.broker).toMatchObject({ port, portWasSet: true });
  });

  test('[PROC-CONF-2] the default port counts as set when somebody wrote it', () => {
    expect(options({ env: { WS_PORT: '443' } }).doors.broker).toMatchObject({
      port: 443,
      portWasSet: true,
    });
  });

  test('[PROC-CONF-2] every setting can be given in the file and in the environment', () => {
    for (const { key, env, kind, fallback } of settings) {
      if (key.startsWith('auth.') || key.includes('tls.')) continue;
      if (key === 'broker.requireToken' || key === 'threads') continue;
      // Each of these must suit another setting.
      if (['chat.auth', 'chat.pingTimeoutMs', 'chat.bodyBytesMax'].includes(key)) continue;
      if (['cluster.port', 'cluster.peers'].includes(key)) continue;
      if (key.startsWith('cluster.advertise')) continue;
      const given = other(kind.show(fallback), kind.form);
      for (const layer of [{ env: { [env]: given } }, { text: yamlOf(key, given) }]) {
        const reading = read(layer);
        const found = reading.ok
          ? reading.effective.find((setting) => setting.key === key)
          : reading;
        expect([key, found]).toMatchObject([
          key,
          { text: expect.not.stringMatching(`^${escaped(kind.show(fallback))}$`) as string },
        ]);
      }
    }
  });

  test('[PROC-CONF-2] a cluster is a port or peers, and a secret; its times grow', () => {
    const file = 'cluster: { port: 7501, secretFile: s, peers: [a:1, "[::1]:2"], node: n7 }';
    const reading = read({ text: file });
    expect(reading).toMatchObject({
      ok: true,
      options: {
        chat: { node: 'n7', cluster: 'hermod' },
        cluster: {
          ...{ host: '127.0.0.1', port: 7501, secretFile: 's', tls: undefined },
          options: { node: 'n7', peers: ['a:1', '[::1]:2'], advertise: '127.0.0.1:7501' },
        },
      },
    });
    expect(read({}).ok && read({})).toMatchObject({ options: { cluster: undefined } });
    const keys = (written: string): unknown =>
      (read({ text: written }) as { mistakes?: { key: string }[] }).mistakes?.map(({ key }) => key);
    expect(keys('cluster: { port: 1 }')).toEqual(['cluster.secretFile']);
    expect(keys('cluster: { port: 1, secretFile: s, tls: { certFile: c } }')).toEqual([
      'cluster.tls.certFile',
    ]);
    const checks = {
      ...content,
      state: () => [{ key: 'stateDirectory', problem: 'is full', wayOut: 'Empty it.' }],
      peerTls: () => [{ key: 'tls.caFile', problem: 'is no file', wayOut: 'Write it.' }],
    };
    const files = 'tls: { certFile: c, keyFile: k, caFile: a }, stateDirectory: d';
    const looked = read({ text: `cluster: { port: 1, secretFile: s, ${files} }`, checks });
    expect(looked).toMatchObject({
      mistakes: [{ key: 'cluster.tls.caFile' }, { key: 'cluster.stateDirectory' }],
    });
    const odd = 'cluster: { port: 1, secretFile: s, node: "n 1" }\nchat: { cluster: "a/b" }';
    expect(keys(odd)).toEqual(['cluster.node', 'chat.cluster']);
    // What separates the parts of a ticket that clients resume by is no part of a name.
    expect(keys('chat: { port: 1, node: "a~b", admins: [ann, "b b"] }')).toEqual([
      'chat.node',
      'chat.admins',
    ]);
    for (const peer of ['a', 'a:0', 'a:65536'])
      expect(keys(`cluster: { peers: ["${peer}"] }`)).toEqual(['cluster.peers']);
    expect(keys('cluster: { port: 1, secretFile: s, suspectMs: 500 }')).toEqual([
      'cluster.suspectMs',
    ]);
    expect(keys('cluster: { port: 1, secretFile: s, partitionPolicy: readonly-minority }')).toEqual(
      ['cluster.partitionPolicy'],
    );
  });

  test('[PROC-CONF-2] names of variables and flags are all different', () => {
    const flags = settings.flatMap(({ flag }) => flag ?? []);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
  });

  test.each<[readonly string[], object]>([
    [['--host', '0.0.0.0'], { doors: { broker: { host: '0.0.0.0' } } }],
    [['--threads', '3'], { threads: 3 }],
    [['--admin-port', 'off'], { doors: { admin: undefined } }],
    [['--admin-host', '::1', '--admin-port', '0'], { doors: { admin: { host: '::1', port: 0 } } }],
    [['--json'], { json: true }],
    [['--no-welcome'], { broker: { welcome: false } }],
    [['--deflate'], { doors: { broker: { deflate: true } } }],
    [['--log-level', 'debug', '--log-format', 'json'], { log: { level: 'debug', format: 'json' } }],
    [['--slow-policy', 'drop-oldest'], { broker: { slowPolicy: 'drop-oldest' } }],
    [
      ['--allowed-origin', 'https://a.example', '--allowed-origin', 'http://localhost:3000'],
      { broker: { allowedOrigins: ['https://a.example', 'http://localhost:3000'] } },
    ],
    [
      ['--tls-cert', 'c', '--tls-key', 'k'],
      { doors: { broker: { tls: { certFile: 'c', keyFile: 'k' } } } },
    ],
    [['--auth-jwks-file', 'j'], { auth: { jwksFile: 'j' }, broker: { requireToken: true } }],
  ])('[PROC-CONF-2] flags: %j', (args, expected) => {
    expect(options({ args })).toMatchObject(expected);
  });

  test.each<[Record<string, string>, object]>([
    [{ WS_WELCOME: '0' }, { broker: { welcome: false } }],
    [{ WS_PUBLISH: 'none' }, { broker: { publish: 'none' } }],
    [{ WS_TLS_CERT: 'c', WS_TLS_KEY: 'k' }, { doors: { broker: { tls: { certFile: 'c' } } } }],
    [
      { HERMOD_HOST: '::1', HERMOD_THREADS: '2' },
      { threads: 2, doors: { broker: { host: '::1' } } },
    ],
    [{ HERMOD_ADMIN_PORT: '0' }, { doors: { admin: { port: 0 } } }],
    [{ HERMOD_AUTH_SECRET: 's' }, { auth: { secret: 's' }, broker: { requireToken: true } }],
    [{ HERMOD_BROKER_QUEUE_BYTES_MAX: '64KiB' }, { broker: { queueBytesMax: 65_536 } }],
    [
      { HERMOD_ALLOWED_ORIGINS: 'https://a.example, *' },
      { broker: { allowedOrigins: ['https://a.example', '*'] } },
    ],
    [
      { HERMOD_AUTH_SECRET: 's', HERMOD_BROKER_REQUIRE_TOKEN: 'no' },
      { broker: { requireToken: false } },
    ],
  ])('[PROC-CONF-2] variables: %j', (env, expected) => {
    expect(options({ env })).toMatchObject(expected);
  });

  test('[PROC-CONF-2] the file nests, has comments, lists, aliases and units', () => {
    const found = options({
      text: `
# a comment
threads: &n 2
broker:
  port: 9_000
  allowedOrigins: [https://a.example, "*"]
  subscriptionsMax: *n
  pingEveryMs: 1.5s
  tls: { certFile: c.pem, keyFile: k.pem }
history:
  historyAgeMaxMs: 2h
  historyBytesMax: 2MB
admin: { port: off }
auth:
  secret: 12345678901234567890123456789012
  leewaySeconds: 1m
log:
`,
    });
    expect(found).toMatchObject({
      threads: 2,
      doors: { broker: { port: 9_000, tls: { certFile: 'c.pem' } }, admin: undefined },
      broker: {
        allowedOrigins: ['https://a.example', '*'],
        subscriptionsMax: 2,
        pingEveryMs: 1_500,
        requireToken: true,
      },
      home: { historyAgeMaxMs: 7_200_000, historyBytesMax: 2_000_000 },
      auth: { secret: '12345678901234567890123456789012', leewaySeconds: 60 },
    });
  });

  test('[PROC-CONF-2] an empty file says nothing', () => {
    expect(options({ text: '' })).toEqual(options({}));
    expect(options({ text: '# nothing\n' })).toEqual(options({}));
  });

  test('the settings in force are told with where they come from, secrets are not', () => {
    const reading = read({
      text: 'auth: { secret: hunter2 }',
      env: { WS_PORT: '1' },
      args: ['--json'],
    });
    if (!reading.ok) throw new Error('not read');
    expect(reading.effective).toEqual(
      expect.arrayContaining([
        { key: 'auth.secret', text: '(not shown)', from: 'h.yaml:1' },
        { key: 'broker.port', text: '1', from: 'WS_PORT' },
        { key: 'json', text: 'true', from: '--json' },
        { key: 'drain.spreadMs', text: '5s', from: 'default' },
      ]),
    );
    expect(JSON.stringify(reading.effective)).not.toContain('hunter2');
  });
});

describe('mistakes', () => {
  test.each<[string, Layers, string, RegExp, RegExp]>([
    ['no number', { text: 'threads: many' }, 'h.yaml:1:10:threads', /"many" is not/, /1 to 256/],
    ['out of range', { args: ['--threads', '0'] }, '--threads', /"0" is not/, /1 to 256/],
    // All their answers may come at once, and the mailbox of a request holds so many: spec/broker.md, "Limits".
    [
      'more in one request than it can hear the outcome of',
      { env: { HERMOD_BROKER_BATCH_MAX: '4097' } },
      'HERMOD_BROKER_BATCH_MAX',
      /"4097" is not/,
      /1 to 4096/,
    ],
    ['a port out of range', { env: { WS_PORT: '65536' } }, 'WS_PORT', /not a port/, /0 to 65535/],
    ['a negative port', { args: ['--port=-1'] }, '--port', /"-1" is not a port/, /0 to 65535/],
    [
      'a service of Kubernetes',
      { env: { HERMOD_ADMIN_PORT: 'tcp://1.2.3.4:5' } },
      'HERMOD_ADMIN_PORT',
      /Kubernetes/,
      /enableServiceLinks/,
    ],
    [
      'no size',
      { text: 'broker: { queueBytesMax: 1 MIL }' },
      'h.yaml:1:26:broker.queueBytesMax',
      /not a size/,
      /64KiB/,
    ],
    [
      'a size that is no whole number',
      { text: 'broker:\n  queueBytesMax: 1500.5' },
      'h.yaml:2:18:broker.queueBytesMax',
      /not a size/,
      /1KiB to 1GiB/,
    ],
    [
      'no time',
      { text: 'drain:\n  spreadMs: 5 weeks' },
      'h.yaml:2:13:drain.spreadMs',
      /not a time/,
      /500ms, 30s, 5m/,
    ],
    [
      'no such choice',
      { args: ['--slow-policy', 'x'] },
      '--slow-policy',
      /"x" is not/,
      /disconnect, drop-oldest/,
    ],
    [
      'neither yes nor no',
      { env: { WS_WELCOME: 'maybe' } },
      'WS_WELCOME',
      /neither/,
      /true or false/,
    ],
    [
      'no origin',
      { args: ['--allowed-origin', 'https://a/b'] },
      '--allowed-origin',
      /not an origin/,
      /https:\/\/example/,
    ],
    ['a missing value', { args: ['--port', '--json'] }, '--port', /needs a value/, /0 to 65535/],
    ['a missing file name', { args: ['--config'] }, '--config', /needs a value/, /path/],
    ['an unknown flag', { args: ['--prot', '80'] }, '--prot', /no flag/, /--port/],
    [
      'an unknown flag with =',
      { args: ['--Log_Level=debug'] },
      '--Log_Level',
      /no flag/,
      /--log-level/,
    ],
    ['a word too many', { args: ['now'] }, 'now', /not understood/, /--flag value/],
    [
      'a misspelt variable',
      { env: { HERMOD_AUTH_SECERT: 'x' } },
      'HERMOD_AUTH_SECERT',
      /no setting/,
      /HERMOD_AUTH_SECRET/,
    ],
    [
      'an unknown key',
      { text: 'broker:\n  prot: 80' },
      'h.yaml:2:3:broker.prot',
      /no setting/,
      /broker\.port/,
    ],
    [
      'a key one level too high',
      { text: 'slowPolicy: disconnect' },
      'h.yaml:1:1:slowPolicy',
      /no setting/,
      /broker\.slowPolicy/,
    ],
    [
      'an unknown section',
      { text: 'brokr:\n  port: 1' },
      'h.yaml:1:1:brokr',
      /no setting/,
      /config-reference/,
    ],
    [
      'a section that is none',
      { text: 'history: 5' },
      'h.yaml:1:1:history',
      /is a section/,
      /indented/,
    ],
    [
      'a value that is a section',
      { text: 'threads: { a: 1 }' },
      'h.yaml:1:10:threads',
      /wrong form/,
      /1 to 256/,
    ],
    [
      'a list where one is wanted',
      { text: 'threads: [1, 2]' },
      'h.yaml:1:10:threads',
      /wrong form/,
      /1 to 256/,
    ],
    ['no value', { text: 'threads:' }, 'h.yaml:1:1:threads', /no value/, /leave the line out/],
    [
      'a file that is no settings',
      { text: '- a\n- b' },
      'h.yaml:1:1:file',
      /no settings/,
      /key: value/,
    ],
    [
      'the same key twice',
      { text: 'threads: 1\nthreads: 2' },
      'h.yaml:2:1:file',
      /unique/,
      /Correct/,
    ],
    ['an open quote', { text: 'threads: "1' }, 'h.yaml:1:12:file', /not good YAML/, /Correct/],
    ['a file too long', { text: ' '.repeat(1_048_577) }, 'h.yaml:--config', /1 MiB/, /config file/],
    [
      'a certificate alone',
      { args: ['--tls-cert', 'c'] },
      '--tls-cert',
      /without its key/,
      /tls\.keyFile/,
    ],
    [
      'a key alone',
      { env: { WS_TLS_KEY: 'k' } },
      'WS_TLS_KEY',
      /without its certificate/,
      /tls\.certFile/,
    ],
    [
      'two secrets',
      { text: 'auth: { secret: a, secretFile: b }' },
      'h.yaml:1:32:auth.secretFile',
      /beside auth\.secret/,
      /one of the two/,
    ],
    [
      'an audience for no token',
      { text: 'auth: { audience: a }' },
      'h.yaml:1:19:auth.audience',
      /no key/,
      /auth\.jwksFile/,
    ],
    [
      'a token that nobody can verify',
      { text: 'broker: { requireToken: true }' },
      'h.yaml:1:25:broker.requireToken',
      /no key/,
      /auth\.secretFile/,
    ],
    [
      'a deadline before the spread ends',
      { text: 'drain: { spreadMs: 20s }' },
      'h.yaml:1:20:drain.spreadMs',
      /deadlineMs is shorter/,
      /leave time/,
    ],
    [
      'one topic above all',
      { env: { HERMOD_HISTORY_BYTES_TOTAL_MAX: '1' } },
      'HERMOD_HISTORY_BYTES_TOTAL_MAX',
      /is more than/,
      /than all/,
    ],
    [
      'two doors on one port',
      { args: ['--port', '7998'] },
      '--port',
      /same port/,
      /port of its own/,
    ],
  ])('[PROC-CONF-1] [PROC-CONF-3] %s', (_, layers, where, problem, wayOut) => {
    const found = mistakes(layers);
    expect(found.map(place)).toEqual([where]);
    expect(found[0]?.problem).toMatch(problem);
    expect(found[0]?.wayOut).toMatch(wayOut);
  });

  test('[PROC-CONF-1] all mistakes of all layers are told at once, those of the file in its order', () => {
    const found = mistakes({
      text: 'prot: 1\nthreads: x\nbroker:\n  port: y\n  tls: { certFile: c }\ndrain: { spreadMs: 1h }\n',
      env: { HERMOD_THREADS: 'z', HERMOD_TREADS: '1' },
      args: ['--log-level', 'loud', '--jsn', '--host'],
      checks: content,
    });
    expect(found.map(place)).toEqual([
      'h.yaml:1:1:prot',
      'h.yaml:2:10:threads',
      'h.yaml:4:9:broker.port',
      'h.yaml:5:20:broker.tls.certFile',
      'h.yaml:6:20:drain.spreadMs',
      'HERMOD_TREADS',
      'HERMOD_THREADS',
      '--host',
      '--jsn',
      '--log-level',
    ]);
    for (const { wayOut } of found) expect(wayOut).toMatch(/\S/);
  });

  test('[PROC-CONF-1] a file that cannot be read is one mistake among the others', () => {
    const reading = readConfig({
      flags: fromFlags(commandWith(['--port', 'x'])),
      env: {},
      file: { name: 'h.yaml', problem: 'cannot be read (ENOENT)' },
      cores: 1,
      checks: content,
    });
    expect(reading.ok ? [] : reading.mistakes.map(place)).toEqual(['h.yaml:--config', '--port']);
  });

  test('[PROC-CONF-1] what is wrong inside the named files is told at the setting that names them', () => {
    const found = mistakes({
      text: 'broker:\n  tls:\n    certFile: c\n    keyFile: k\nauth: { jwksFile: j }\n',
      checks: {
        tls: () => [{ key: 'keyFile', problem: 'p', wayOut: 'w' }],
        auth: () => [{ key: 'jwksFile', problem: 'q', wayOut: 'v' }],
        passwords: () => [],
        secrets: () => [],
        state: () => [],
        peerTls: () => [],
      },
    });
    expect(found).toEqual([
      { file: 'h.yaml', line: 4, column: 14, key: 'broker.tls.keyFile', problem: 'p', wayOut: 'w' },
      { file: 'h.yaml', line: 5, column: 19, key: 'auth.jwksFile', problem: 'q', wayOut: 'v' },
    ]);
  });

  test('[PROC-CONF-1] no text makes the reading throw', () => {
    assert(
      property(string(), string(), (text, value) => {
        const reading = read({ text, env: { WS_PORT: value, HERMOD_LOG_LEVEL: value } });
        if (!reading.ok) expect(reading.mistakes.length).toBeGreaterThan(0);
      }),
    );
  });

  test('[PROC-CONF-3] a variable of ours that means nothing is a warning, those of Kubernetes are none', () => {
    const reading = read({
      env: {
        HERMOD_SOMETHING_ELSE_ENTIRELY: '1',
        HERMOD_SERVICE_HOST: '10.0.0.1',
        HERMOD_PORT: 'tcp://10.0.0.1:80',
        HERMOD_PORT_80_TCP_ADDR: '10.0.0.1',
        HERMOD_CONFIG: 'h.yaml',
        PATH: '/bin',
      },
    });
    expect(reading.ok ? reading.warnings : reading).toEqual([
      expect.stringContaining('HERMOD_SOMETHING_ELSE_ENTIRELY'),
    ]);
  });
});

describe('bridges', () => {
  const pair = ['--bridge', 'chat/r=broker/t'];

  test('[BRIDGE-12] a room needs a chat, other pairs do not', () => {
    expect(mistakes({ args: pair })).toMatchObject([
      { problem: 'bridge.topics joins a room, and there is no chat', wayOut: 'Set chat.port.' },
    ]);
    expect(mistakes({ args: [...pair, '--chat-port', '0'] })).toEqual([]);
    expect(mistakes({ args: ['--bridge', 'grip/c=broker/t'] })).toEqual([]);
    expect(mistakes({ args: ['--bridge', 'chat/R=broker/t'] })).toHaveLength(1);
  });

  test('[BRIDGE-11] a door without tokens into rooms whose users must prove who they are is warned of', () => {
    const guarded = { HERMOD_CHAT_AUTH: 'token', HERMOD_AUTH_SECRET: 's'.repeat(32) };
    const args = [...pair, '--chat-port', '0'];
    const told = (env: Readonly<Record<string, string>>): string => {
      const reading = read({ args, env });
      return reading.ok ? reading.warnings.join() : JSON.stringify(reading.mistakes);
    };
    const open = { ...guarded, HERMOD_BROKER_REQUIRE_TOKEN: 'false' };
    expect(told(open)).toContain('may speak in the rooms of bridge.topics');
    expect(told(guarded)).not.toContain('bridge.topics');
    expect(told({})).not.toContain('bridge.topics');
  });
});

describe('warnings', () => {
  test.each<[string, readonly string[], number]>([
    ['loopback', [], 0],
    ['loopback by name', ['--host', 'localhost'], 0],
    ['IPv6 loopback', ['--host', '::1'], 0],
    ['all addresses', ['--host', '0.0.0.0'], 1],
    ['all addresses, IPv6', ['--host', '::'], 1],
    ['a name that begins like loopback', ['--host', '127.evil.example'], 1],
    ['with auth', ['--host', '0.0.0.0', '--auth-secret-file', 's'], 0],
    ['the admin door', ['--admin-host', '0.0.0.0'], 1],
  ])(
    '[PROC-AUTH-2] a door that strangers reach without auth is warned of: %s',
    (_, args, count) => {
      const reading = read({ args });
      expect(reading.ok ? reading.warnings : reading).toHaveLength(count);
    },
  );
});

describe('help and reference', () => {
  test('every setting has a row in the reference', () => {
    const rows = referenceTable().split('\n');
    expect(rows).toHaveLength(settings.length + 2);
    for (const { key } of settings) {
      expect(rows.filter((row) => row.startsWith(`| \`${key}\` |`))).toHaveLength(1);
    }
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(8);
  });

  test('spec/process.md contains the reference as it is now', () => {
    const spec = readFileSync(new URL('../../spec/process.md', import.meta.url), 'utf8');
    expect(spec).toContain(referenceTable());
  });

  test('help shows values as needed, and defaults', () => {
    const help = declareFlags(new Command('start')).helpInformation();
    expect(help).toContain('--port <number>');
    expect(help).toContain('Default: 127.0.0.1.');
    expect(configFlag(commandWith(['--config', 'a.yaml']))).toBe('a.yaml');
  });

  test.each([
    ['--prot', ['--port', '--host'], '--port'],
    ['HERMOD_HOSTS', ['HERMOD_HOST', 'HERMOD_THREADS'], 'HERMOD_HOST'],
    ['queue_bytes_max', ['broker.queueBytesMax'], 'broker.queueBytesMax'],
    ['zebra', ['broker.port', 'threads'], undefined],
    ['', ['a.b'], undefined],
  ])('[PROC-CONF-3] %s among %j is meant as %s', (name, known, meant) => {
    expect(nearest(name, known)).toBe(meant);
  });
});

/** A text that the same kind takes, other than its default. */
function other(shown: string, form: string): string {
  if (form === 'true or false') return shown === 'true' ? 'false' : 'true';
  if (form.includes('an origin')) return 'https://a.example';
  if (form.startsWith('an IP')) return '10.0.0.1';
  if (form === 'all, none') return 'none';
  if (form.startsWith('disconnect')) return 'drop-oldest';
  if (form.startsWith('strict')) return 'lenient';
  if (form.startsWith('multi')) return 'reject';
  if (form.startsWith('debug')) return 'warn';
  if (form === 'none, proto-only, both') return 'both';
  if (form.includes('append, or')) return 'append';
  if (form.includes('a pair as')) return 'grip/a=broker/b';
  if (form.startsWith('auto')) return 'json';
  if (form.startsWith('latest')) return 'previous';
  if (form.startsWith('serve')) return 'readonly-minority';
  if (form.includes('KiB to') || form.includes('MiB') || form.includes('GiB')) return '3MiB';
  if (/(?:ms|\ds|m|h) to /.test(form)) return ['10s', '4s'].includes(shown) ? '11s' : '4s';
  return '77';
}

function yamlOf(key: string, text: string): string {
  const parts = key.split('.');
  return `${parts.map((part, depth) => `${'  '.repeat(depth)}${part}:`).join('\n')} ${JSON.stringify(text)}\n`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
