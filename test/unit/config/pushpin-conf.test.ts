// pushpin.conf: the files that people run Pushpin with, each key's reading and default, and what is said of the rest.

import { readFileSync } from 'node:fs';
import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type PushpinReading,
  type PushpinSettings,
  readPushpinConf,
} from '../../../src/config/pushpin/pushpin-conf.ts';
import type { PushpinInput } from '../../../src/config/pushpin/pushpin-file.ts';

const fixture = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Lines as `section/key=value`; a file without a port for clients would be a mistake. */
function read(lines: readonly string[], input: Partial<PushpinInput> = {}): PushpinReading {
  const text = [...(lines.join().includes('_port') ? [] : ['runner/http_port=7999']), ...lines]
    .map((line) => line.replace(/^(\w+)\/(.*)$/, '[$1]\n$2'))
    .join('\n');
  return readPushpinConf({ file: '/etc/p/p.conf', text, ...input });
}

function settings(lines: readonly string[], input: Partial<PushpinInput> = {}): PushpinSettings {
  const reading = read(lines, input);
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
  return reading.settings;
}

function mistakes(...lines: string[]): readonly string[] {
  const reading = read(lines);
  if (reading.ok) return [];
  return reading.mistakes.map(
    ({ file, line, column, key, problem, wayOut }) =>
      `${file}:${line}:${column}: ${key}: ${problem}. ${wayOut}`,
  );
}

const warnings = (lines: readonly string[], input: Partial<PushpinInput> = {}) =>
  read(lines, input).warnings;

const fromDebian: PushpinSettings = {
  gateway: {
    sigKey: 'changeme',
    sigIss: 'pushpin',
    upstreamKey: undefined,
    isDebug: false,
    isCrossOrigin: false,
    acceptForwardedProtocol: false,
    setForwardedProtocol: 'proto-only',
    forwardedFor: [],
    forwardedForTrusted: [],
    origHeadersNeedMark: [],
    acceptPushpinRoute: false,
    cdnLoop: '',
    sockjsUrl: 'http://cdn.jsdelivr.net/sockjs/0.3.4/sockjs.min.js',
    logRequests: true,
    logFrom: false,
    logUserAgent: false,
    connectionsMax: 50_000,
    connectionSubscriptionsMax: 20,
    keptBodyBytesMax: 100_000,
    queueBytesMax: 1_048_576,
    queuedItemsMax: 100,
    stallTimeoutMs: 30_000,
    idleTimeoutMs: 1_800_000,
    messageWaitMs: 5_000,
    idCacheTtlMs: 60_000,
    messageRate: 2_500,
    messageHwm: 25_000,
    messageBlockBytes: undefined,
    updateOnFirstSubscription: true,
    subscriptionLingerMs: 60_000,
  },
  httpAddresses: [{ host: undefined, port: 7_999 }],
  httpsAddresses: [],
  localSockets: [],
  certificatesDirectory: '/etc/pushpin/runner/certs',
  clientBufferBytes: 8_192,
  allowCompression: false,
  routesFile: '/etc/pushpin/routes',
  directory: '/etc/pushpin',
  pushInSpec: 'tcp://127.0.0.1:5560',
  pushInSubSpecs: ['tcp://127.0.0.1:5562'],
  pushInSubConnect: false,
  pushInHttpAddress: { host: '127.0.0.1', port: 5_561 },
  pushInHttpHeadersBytesMax: 10_000,
  pushInHttpBodyBytesMax: 1_000_000,
  commandSpec: 'tcp://127.0.0.1:5563',
  ipcFileMode: undefined,
  statsSpec: 'ipc:///var/run/pushpin/pushpin-stats',
  statsFormat: 'tnetstring',
  statsConnectionSend: true,
  statsConnectionTtlMs: 120_000,
  statsSubscriptionTtlMs: 60_000,
  statsReportIntervalMs: 10_000,
  prometheusAddress: undefined,
  prometheusPrefix: '',
  logLevel: 2,
  logLevelsByService: {},
  runDirectory: '/var/run/pushpin',
  ipcPrefix: 'pushpin-',
  portOffset: 0,
};

describe('files as they are', () => {
  const file = '/etc/pushpin/pushpin.conf';
  const lineOf = (text: string, key: string) =>
    text.split('\n').findIndex((line) => line.startsWith(`${key}=`)) + 1;
  /** What both files have that Hermod has no use for. */
  const expected = (text: string) =>
    [
      ['global', 'include', 'is not read: where {libdir} is, only Pushpin knows'],
      ['runner', 'logdir', 'is not used: the log goes to standard error'],
      ...['condure_bin', 'mongrel2_bin', 'm2sh_bin', 'zurl_bin'].map((key) => [
        'runner',
        key,
        'names a program that Hermod does not need',
      ]),
      ['proxy', 'updates_check', 'is obsolete: Hermod asks nobody for updates'],
    ].map(
      ([section, key = '', sentence]) =>
        `${file}:${lineOf(text, key)}: [${section}] ${key} ${sentence}.`,
    );

  test('Debian’s reads with warnings only', () => {
    const text = fixture('debian-1.36.conf');
    const reading = readPushpinConf({ file, text });
    expect(reading).toMatchObject({ ok: true, settings: fromDebian, warnings: expected(text) });
  });

  test('OdinMCP’s reads with warnings only, and listens where it says', () => {
    const text = fixture('../../e2e/odinmcp/pushpin.conf');
    expect(readPushpinConf({ file, text })).toMatchObject({
      ok: true,
      warnings: expected(text),
      settings: {
        ...fromDebian,
        gateway: { ...fromDebian.gateway, isDebug: true },
        pushInSpec: 'tcp://*:5560',
        pushInSubSpecs: ['tcp://*:5562'],
        pushInHttpAddress: { host: '0.0.0.0', port: 5_561 },
        commandSpec: 'tcp://*:5563',
        statsSpec: 'ipc://run/pushpin-stats',
        runDirectory: 'run',
      },
    });
  });

  test('what a file leaves out is as Pushpin has it', () => {
    expect(settings([])).toEqual({
      ...fromDebian,
      gateway: {
        ...fromDebian.gateway,
        sigKey: undefined,
        setForwardedProtocol: 'none',
        sockjsUrl: expect.stringContaining('sockjs') as string,
        messageRate: undefined,
        messageHwm: undefined,
        idCacheTtlMs: 0,
      },
      certificatesDirectory: '/etc/p/runner/certs',
      routesFile: '/etc/p/routes',
      directory: '/etc/p',
      pushInSpec: undefined,
      pushInSubSpecs: [],
      pushInHttpAddress: undefined,
      commandSpec: undefined,
      statsSpec: undefined,
      runDirectory: undefined,
    });
  });
});

describe('values', () => {
  test.each<[string, object]>([
    ['proxy/debug=1', { isDebug: true }],
    ['proxy/debug=True', { isDebug: true }],
    ['proxy/debug=False', { isDebug: false }],
    ['proxy/debug=', { isDebug: false }],
    ['proxy/auto_cross_origin=true', { isCrossOrigin: true }],
    ['proxy/accept_x_forwarded_protocol=true', { acceptForwardedProtocol: true }],
    ['proxy/accept_pushpin_route=true', { acceptPushpinRoute: true }],
    ['runner/log_level=1', { logRequests: false }],
    ['runner/log_level=1,proxy:2', { logRequests: true }],
    ['runner/log_level=3,pushpin-proxy:1', { logRequests: false }],
    ['proxy/log_from=true', { logFrom: true }],
    ['proxy/log_user_agent=true', { logUserAgent: true }],
    ['proxy/set_x_forwarded_protocol=true', { setForwardedProtocol: 'both' }],
    ['proxy/set_x_forwarded_protocol=false', { setForwardedProtocol: 'none' }],
    ['proxy/set_x_forwarded_protocol=proto-only', { setForwardedProtocol: 'proto-only' }],
    [
      'proxy/x_forwarded_for=truncate:0, append',
      { forwardedFor: [{ kind: 'truncate', keep: 0 }, { kind: 'append' }] },
    ],
    ['proxy/x_forwarded_for_trusted=append', { forwardedForTrusted: [{ kind: 'append' }] }],
    ['proxy/orig_headers_need_mark=A, B', { origHeadersNeedMark: ['A', 'B'] }],
    ['proxy/cdn_loop=me', { cdnLoop: 'me' }],
    ['proxy/sig_iss=me', { sigIss: 'me' }],
    ['proxy/sig_iss=', { sigIss: '' }],
    ['proxy/sig_key=ab#cd', { sigKey: 'ab#cd' }],
    ['proxy/sig_key=', { sigKey: undefined }],
    ['proxy/upstream_key=base64:YQ==', { upstreamKey: 'base64:YQ==' }],
    ['proxy/sockjs_url=http://a.example/s.js', { sockjsUrl: 'http://a.example/s.js' }],
    ['runner/client_maxconn=7', { connectionsMax: 7 }],
    ['handler/connection_subscription_max=7', { connectionSubscriptionsMax: 7 }],
    ['handler/message_wait=7', { messageWaitMs: 7 }],
    ['handler/id_cache_ttl=7', { idCacheTtlMs: 7_000 }],
    ['handler/message_rate=7', { messageRate: 7 }],
    ['handler/message_rate=-1', { messageRate: undefined }],
    ['handler/message_hwm=7', { messageHwm: 7 }],
    ['handler/message_block_size=7', { messageBlockBytes: 7 }],
    ['handler/message_block_size=', { messageBlockBytes: undefined }],
    ['handler/update_on_first_subscription=false', { updateOnFirstSubscription: false }],
    ['handler/subscription_linger=0', { subscriptionLingerMs: 0 }],
  ])('%s', (line, expected) => {
    expect(settings([line]).gateway).toMatchObject(expected);
  });

  test.each<[string, object]>([
    ['runner/http_port=', { httpAddresses: [] }],
    [
      'runner/http_port=80, 127.0.0.1:81,[::1]:82',
      {
        httpAddresses: [
          { host: undefined, port: 80 },
          { host: '127.0.0.1', port: 81 },
          { host: '::1', port: 82 },
        ],
      },
    ],
    ['runner/http_port=0', { httpAddresses: [{ host: undefined, port: 0 }] }],
    ['runner/https_ports=443', { httpsAddresses: [{ host: undefined, port: 443 }] }],
    [
      'runner/local_ports={rundir}/s?mode=0770&user=u&group=g,/t',
      {
        localSockets: [
          { path: '{rundir}/s', mode: 0o770, user: 'u', group: 'g' },
          { path: '/t', mode: undefined, user: undefined, group: undefined },
        ],
      },
    ],
    ['runner/client_buffer_size=4096', { clientBufferBytes: 4_096 }],
    ['runner/allow_compression=true', { allowCompression: true }],
    ['runner/log_level=3', { logLevel: 3 }],
    [
      'runner/log_level=1,proxy:3,pushpin-handler:4',
      { logLevel: 1, logLevelsByService: { proxy: 3, handler: 4 } },
    ],
    ['proxy/routesfile=a/r', { routesFile: '/etc/p/a/r' }],
    ['proxy/routesfile=/r', { routesFile: '/r' }],
    ['handler/push_in_spec=', { pushInSpec: undefined }],
    [
      'handler/push_in_sub_specs=tcp://a:1, tcp://b:2',
      { pushInSubSpecs: ['tcp://a:1', 'tcp://b:2'] },
    ],
    ['handler/push_in_sub_connect=true', { pushInSubConnect: true }],
    ['handler/push_in_http_port=-1', { pushInHttpAddress: undefined }],
    ['handler/push_in_http_port=7', { pushInHttpAddress: { host: '127.0.0.1', port: 7 } }],
    ['handler/push_in_http_max_headers_size=7', { pushInHttpHeadersBytesMax: 7 }],
    ['handler/push_in_http_max_body_size=7', { pushInHttpBodyBytesMax: 7 }],
    ['handler/ipc_file_mode=777', { ipcFileMode: 0o777 }],
    ['handler/stats_format=json', { statsFormat: 'json' }],
    ['handler/stats_report_interval=0', { statsReportIntervalMs: 0 }],
    ['handler/stats_subscription_ttl=7', { statsSubscriptionTtlMs: 7_000 }],
    ['global/stats_connection_ttl=7', { statsConnectionTtlMs: 7_000 }],
    ['global/stats_connection_send=false', { statsConnectionSend: false }],
    ['handler/prometheus_port=9', { prometheusAddress: { host: undefined, port: 9 } }],
    ['handler/prometheus_port=127.0.0.1:9', { prometheusAddress: { host: '127.0.0.1', port: 9 } }],
    ['handler/prometheus_port=[::1]:9', { prometheusAddress: { host: '::1', port: 9 } }],
    ['handler/prometheus_port=ipc:///run/p', { prometheusAddress: undefined }],
    ['handler/prometheus_prefix=p_', { prometheusPrefix: 'p_' }],
  ])('%s', (line, expected) => {
    expect(settings(['runner/https_ports=443', line])).toMatchObject(expected);
  });

  test('the old name of the SUB specs comes behind the new one', () => {
    const lines = ['handler/push_in_sub_spec=tcp://a:1', 'handler/push_in_sub_specs=tcp://b:2'];
    expect(settings(lines).pushInSubSpecs).toEqual(['tcp://b:2', 'tcp://a:1']);
  });

  test('variables stand for what the file says, ports of ZeroMQ are shifted, others are not', () => {
    const lines = [
      'handler/push_in_http_port=5561',
      'runner/http_port=7999',
      'handler/push_in_spec=tcp://127.0.0.1:5560',
      'handler/push_in_sub_specs=tcp://*:5562,tcp://[::1]:5572',
      'handler/command_spec=ipc://{rundir}/{ipc_prefix}c:5563',
      'handler/stats_spec=ipc://{libdir}/stats',
      'proxy/sockjs_url=http://a.example:80/{nothing}',
      'global/port_offset=10',
      'global/rundir=/r',
      'global/ipc_prefix=p-',
      'global/libdir=/l',
    ];
    const read10 = settings(lines);
    expect(read10).toMatchObject({
      httpAddresses: [{ port: 7_999 }],
      pushInHttpAddress: { port: 5_571 },
      pushInSpec: 'tcp://127.0.0.1:5570',
      pushInSubSpecs: ['tcp://*:5572', 'tcp://[::1]:5582'],
      commandSpec: 'ipc:///r/p-c:5563',
      statsSpec: 'ipc:///l/stats',
      portOffset: 10,
    });
    expect(read10.gateway.sockjsUrl).toBe('http://a.example:80/{nothing}');
  });
});

describe('the included file', () => {
  const include = (files: Record<string, string>) => (path: string) => files[path];

  test.each([
    ['global/include=more.conf', '/etc/p/more.conf'],
    ['global/include=/m/more.conf', '/m/more.conf'],
    ['global/include={libdir}/internal.conf', '/lib/p/internal.conf'],
    ['global/include=internal.conf', '/lib/p/internal.conf'],
  ])('%s is %s, and gives what the main file does not', (line, path) => {
    const text = '[handler]\nstats_spec=ipc://{ipc_prefix}s\nmessage_rate=1\n[proxy]\nstats_spec=x';
    const input = { libdir: '/lib/p', include: include({ [path]: text }) };
    const lines = [line, 'handler/message_rate=2'];
    expect(settings(lines, input)).toMatchObject({
      statsSpec: 'ipc://pushpin-s',
      gateway: { messageRate: 2 },
    });
    expect(warnings(lines, input)).toEqual([]);
  });

  test('that cannot be found is a warning', () => {
    expect(warnings(['global/include=more.conf'], { include: include({}) })).toEqual([
      '/etc/p/p.conf:4: [global] include names /etc/p/more.conf, which cannot be read.',
    ]);
    expect(warnings(['global/include={libdir}/internal.conf'])).toEqual([
      '/etc/p/p.conf:4: [global] include is not read: where {libdir} is, only Pushpin knows.',
    ]);
    expect(warnings(['global/include='])).toEqual([]);
  });
});

describe('warnings', () => {
  const at = (line: number, sentence: string) => `/etc/p/p.conf:${line}: ${sentence}`;

  test.each<[string[], string[]]>([
    [
      ['handler/mesage_rate=1'],
      ['[handler] mesage_rate means nothing to Hermod (did you mean [handler] message_rate?).'],
    ],
    [['runner/xyzzy=1'], ['[runner] xyzzy means nothing to Hermod.']],
    [
      ['proxy/zurl_out_specs=x'],
      [
        '[proxy] zurl_out_specs is about sockets between Pushpin’s processes, which Hermod has not.',
      ],
    ],
    [['proxy/organization_name='], []],
    [
      ['handler/state_spec=tcp://a:1'],
      ['[handler] state_spec is not used: Hermod detects no sessions.'],
    ],
    [['runner/services=mongrel2'], []],
    [['runner/rundir=/r'], ['[runner] rundir belongs into [global].']],
    [['proxy/debug=no'], ['[proxy] debug "no" is read as true.']],
    [
      ['proxy/set_x_forwarded_protocol=yes'],
      ['[proxy] set_x_forwarded_protocol "yes" is read as false.'],
    ],
    [
      ['handler/stats_spec=ipc://{libdir}/s'],
      ['[handler] stats_spec speaks of {libdir}, which is not set.'],
    ],
    [['what'], ['this line is no setting, and is passed over.']],
  ])('%j', (lines, sentences) => {
    const line = lines.join().includes('=') ? 4 : 3;
    expect(warnings(lines)).toEqual(sentences.map((sentence) => at(line, sentence)));
  });

  test('of two settings of a key the last one counts', () => {
    const lines = ['proxy/debug=true', 'proxy/debug=false'];
    expect(settings(lines).gateway.isDebug).toBe(false);
    expect(warnings(lines)).toEqual([at(6, '[proxy] debug replaces what line 4 says.')]);
  });
});

describe('mistakes', () => {
  test('[PROC-GATE-1] [DIFF-51] are all told, each with its place and a way out', () => {
    const found = mistakes(
      'runner/  http_port=seven',
      'runner/https_ports=0',
      'runner/local_ports=/s?mode=rw',
      'runner/log_level=loud',
      'runner/client_maxconn=0',
      'proxy/x_forwarded_for=truncate:all',
      'handler/message_rate=1.5',
      'handler/ipc_file_mode=rwx',
      'handler/stats_format=xml',
      'handler/push_in_http_port=70000',
      'global/port_offset=-1',
    );
    expect(found).toEqual([
      '/etc/p/p.conf:22:1: [global] port_offset: "-1" is not a whole number in range. Write 0 to 65535.',
      '/etc/p/p.conf:2:3: [runner] http_port: "seven" is no port to listen on. Write a port, or an address, a colon and a port.',
      '/etc/p/p.conf:4:1: [runner] https_ports: "0" is no port to listen on. Write a port, or an address, a colon and a port.',
      '/etc/p/p.conf:6:1: [runner] local_ports: "rw" are no file permissions. Write them in octal, as mode=0777.',
      '/etc/p/p.conf:8:1: [runner] log_level: "loud" is no log level. Write a number from 0, or several as 2,proxy:3.',
      '/etc/p/p.conf:12:1: [proxy] x_forwarded_for: "truncate:all" is no rule. Write append, or truncate: and a number, or both.',
      '/etc/p/p.conf:10:1: [runner] client_maxconn: "0" is not a whole number in range. Write 1 to 2147483647.',
      '/etc/p/p.conf:14:1: [handler] message_rate: "1.5" is not a whole number in range. Write -1 to 2147483647.',
      '/etc/p/p.conf:20:1: [handler] push_in_http_port: "70000" is not a whole number in range. Write -1 to 65535.',
      '/etc/p/p.conf:16:1: [handler] ipc_file_mode: "rwx" are no file permissions. Write them in octal, as 777.',
      '/etc/p/p.conf:18:1: [handler] stats_format: "xml" is no format of stats. Write tnetstring or json.',
    ]);
  });

  test('a port that the offset lifts too high', () => {
    expect(
      mistakes('handler/push_in_http_port=65535', 'global/port_offset=1', 'runner/http_port=1'),
    ).toEqual([
      '/etc/p/p.conf:2:1: [handler] push_in_http_port: 65535 is no port with port_offset=1 added. Choose a smaller one.',
    ]);
  });

  test('a file without ports, or that is no config file at all', () => {
    expect(read(['runner/http_port='])).toMatchObject({
      ok: false,
      mistakes: [
        { line: 2, key: '[runner] http_port', problem: 'no port for clients is configured' },
      ],
    });
    expect(readPushpinConf({ file: 'f', text: 'x'.repeat(1_048_577) })).toMatchObject({
      ok: false,
      mistakes: [{ file: 'f', key: '--pushpin-conf', problem: 'is longer than 1 MiB' }],
    });
  });

  test('secrets are in no mistake and no warning', () => {
    const reading = read([
      'proxy/sig_key=hush',
      'proxy/sig_key=hush2,{libdir}',
      'proxy/upstream_key=hush3',
    ]);
    expect(reading.warnings.length).toBeGreaterThan(0);
    expect(JSON.stringify([reading.warnings, !reading.ok && reading.mistakes])).not.toContain(
      'hush',
    );
  });

  test('no text makes it throw', () => {
    assert(
      property(string({ unit: 'grapheme' }), string(), (before, value) => {
        const text = `${before}\n[runner]\nhttp_port=${value}\n[handler]\nmessage_rate=${value}`;
        expect(typeof readPushpinConf({ file: 'f', text }).ok).toBe('boolean');
      }),
    );
  });
});

describe('[PROC-GATE-5] what is in force', () => {
  const texts = (lines: readonly string[]): Readonly<Record<string, string>> => {
    const reading = read(lines);
    if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
    const entries = reading.effective.map(({ key, text, from }) => [key, `${text} (${from})`]);
    return Object.fromEntries(entries) as Readonly<Record<string, string>>;
  };

  test('tells every key of the file that is obeyed, with its line', () => {
    const text = readFileSync('test/conformance/grip/full.conf', 'utf8');
    const reading = readPushpinConf({ file: 'full.conf', text });
    if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
    let section = '';
    const written = text.split('\n').flatMap((line, at) => {
      section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
      const key = /^(\w+)=/.exec(line)?.[1];
      return key === undefined ? [] : [`[${section}] ${key} full.conf:${at + 1}`];
    });
    const silent = reading.warnings.flatMap((one) => /full\.conf:\d+/.exec(one)?.[0] ?? []);
    const obeyed = written.filter((line) => !silent.some((place) => line.endsWith(` ${place}`)));
    const told = reading.effective.map(({ key, from }) => `${key} ${from}`);
    expect(obeyed.filter((line) => !told.includes(line) && !/libdir|services/.test(line))).toEqual(
      [],
    );
    expect(obeyed.length).toBeGreaterThan(40);
  });

  test.each<[readonly string[], string, string]>([
    [[], '[proxy] sig_iss', 'pushpin (default)'],
    [[], '[handler] push_in_http_port', '-1 (default)'],
    [[], '[handler] message_rate', '-1 (default)'],
    [[], '[proxy] cdn_loop', 'not set (default)'],
    [['proxy/sig_key=secret'], '[proxy] sig_key', '(not shown) (/etc/p/p.conf:4)'],
    [['runner/http_port=[::1]:80,81'], '[runner] http_port', '[::1]:80,81 (/etc/p/p.conf:2)'],
    [['runner/log_level=1,proxy:3'], '[runner] log_level', '1,proxy:3 (/etc/p/p.conf:4)'],
    [['handler/ipc_file_mode=770'], '[handler] ipc_file_mode', '770 (/etc/p/p.conf:4)'],
    [['handler/id_cache_ttl=7'], '[handler] id_cache_ttl', '7 (/etc/p/p.conf:4)'],
    [
      ['proxy/x_forwarded_for=truncate:2,append'],
      '[proxy] x_forwarded_for',
      'truncate:2,append (/etc/p/p.conf:4)',
    ],
  ])('%j: %s is %s', (lines, key, told) => {
    expect(texts(lines)[key]).toBe(told);
  });
});
