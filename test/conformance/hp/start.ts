// Starts a node for the suite in one of its configurations, on loopback at free ports. Everything is gone afterwards.

import { scryptSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../support/node-process.ts';
import type { HpConfiguration, HpPlace } from './site.ts';

export interface StartedHp {
  readonly place: HpPlace;
  stop(): Promise<void>;
}

export const TOKEN_SECRET = 'a secret for tokens that is long enough';
/** Who is in the password file of `closed`, and with which password. */
export const USERS: readonly (readonly [user: string, password: string])[] = [
  ['alice', 'correct horse'],
  ['Bob', 'battery staple'],
  ['carol', 'x'],
];

type Settings = Readonly<Record<string, string>>;

/** What each configuration sets otherwise than by default: names of environment variables without `HERMOD_`. */
export const configurations: Readonly<Record<HpConfiguration, Settings>> = {
  plain: { BRIDGE_TOPICS: 'chat/lounge=broker/lounge' },
  /** Times and limits so small that they can be waited for and crossed. */
  quick: {
    CHAT_ENVELOPE: 'lenient',
    CHAT_AUTH: 'none,token',
    AUTH_SECRET: TOKEN_SECRET,
    AUTH_LEEWAY_SECONDS: '0s',
    CHAT_SESSION_POLICY: 'reject',
    CHAT_ADMINS: 'root',
    CHAT_CONNECTIONS_MAX: '20',
    CHAT_LOGIN_TIMEOUT_MS: '1s',
    CHAT_PING_EVERY_MS: '1s',
    CHAT_PING_TIMEOUT_MS: '2s',
    CHAT_RESUME_WINDOW_MS: '1s',
    CHAT_RESUME_MESSAGES_MAX: '3',
    CHAT_OFFLINE_MESSAGES_MAX: '0',
    CHAT_HISTORY_MAX: '5',
    CHAT_ROOM_EVENTS_MAX: '3',
    CHAT_EMPTY_ROOM_MS: '100ms',
    CHAT_WATCHED_USERS_MAX: '3',
    CHAT_ROOMS_PER_SESSION_MAX: '3',
    CHAT_MESSAGES_PER_SECOND_MAX: '10000',
    CHAT_MESSAGES_BURST_MAX: '10000',
    CHAT_BYTES_PER_SECOND_MAX: '64MiB',
    CHAT_BYTES_BURST_MAX: '64MiB',
    CHAT_QUEUE_BYTES_MAX: '64KiB',
    CHAT_STALL_TIMEOUT_MS: '1s',
  },
  /** Passwords, and nothing else; one session for each user. */
  closed: {
    CHAT_AUTH: 'password',
    CHAT_SESSION_POLICY: 'replace',
    CHAT_OFFLINE_MESSAGES_MAX: '5',
    CHAT_RESUME_MESSAGES_MAX: '3',
  },
  /** One node of three, alone. */
  minority: {
    CLUSTER_PARTITION_POLICY: 'readonly-minority',
    CLUSTER_NODES_EXPECTED: '3',
    CHAT_SESSION_POLICY: 'replace',
  },
};

export async function startHp(configuration: HpConfiguration): Promise<StartedHp> {
  const folder = mkdtempSync(join(tmpdir(), 'hermod-hp-'));
  const secret = 's'.repeat(40);
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `k1 ${secret}\n`);
  const passwordFile = join(folder, 'passwords');
  writeFileSync(passwordFile, USERS.map(passwordLine).join(''));
  const more = configuration === 'closed' ? { CHAT_PASSWORD_FILE: passwordFile } : {};
  const settings = { CLUSTER_SECRET_FILE: secretFile, ...configurations[configuration], ...more };
  const env = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`HERMOD_${name}`, value]),
  );
  // Whatever is counted must be counted once for all of them.
  const threads = configuration === 'plain' || configuration === 'closed' ? '2' : '1';
  const args = ['--threads', threads, '--chat-port', '0', '--cluster-port', '0', '--node', 'n1'];
  const node = await startNode(args, env);
  // Whatever ends this process, the node must not outlive it.
  const leave = (): void => {
    node.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', leave);
  const at = (door: string) => {
    const [host = '', port] = node.doors[door]?.split(':') ?? [];
    return { host, port: Number(port) };
  };
  return {
    place: {
      bridge: { room: 'lounge', topic: 'lounge', broker: node.doors['broker'] ?? '' },
      ...{ ...at('chat'), isPatient: false, configuration },
      peer: { ...at('cluster'), cluster: undefined, key: 'k1', secret },
    },
    async stop() {
      node.child.kill('SIGKILL');
      await node.exited;
      process.off('exit', leave);
      leave();
    },
  };
}

/** As `hermod hash-password` writes them, but quicker to check. */
function passwordLine([user, password]: (typeof USERS)[number]): string {
  const salt = Buffer.from(`salt of ${user}`);
  const hash = scryptSync(password, salt, 32, { N: 1_024, r: 8, p: 1 });
  const parts = ['scrypt', '1024', '8', '1', salt.toString('base64url')];
  return `${user}:${parts.join('$')}$${hash.toString('base64url')}\n`;
}
