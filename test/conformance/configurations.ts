// How our own nodes are set in our own tests, so that no case goes without being run: as a process on sockets, and on
// simulated edges.

import { type Settings, readSettings } from './settings.ts';

export interface Configuration {
  readonly name: string;
  /** What the suite is told, and the variables by which a process is told the same. */
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string>>;
  /** Asks for tokens, has a list of pages, and agrees on compression. */
  readonly isGuarded: boolean;
  readonly isPatient: boolean;
  /** Its cases mostly wait, and may do so at the same time. */
  readonly isConcurrent: boolean;
  /** The groups that are run; all that can be, when there are none. */
  readonly groups: readonly string[];
}

export const SECRET = 'a secret of thirty-two bytes, or more';
export const PAGE = 'https://page.example';

const plain = { isGuarded: false, isPatient: false, isConcurrent: false };

export const configurations: readonly Configuration[] = [
  {
    name: 'tokens, pages and compression',
    settings: readSettings([]),
    env: {},
    ...plain,
    isGuarded: true,
    groups: [],
  },
  {
    isGuarded: false,
    isPatient: true,
    isConcurrent: true,
    name: 'little patience, and old publications forgotten',
    settings: readSettings([
      ...['pingEveryMs=1000', 'pongTimeoutMs=1000', 'sseKeepAliveMs=1000'],
      'historyAgeMaxMs=1000',
    ]),
    env: {
      HERMOD_BROKER_PING_EVERY_MS: '1s',
      HERMOD_BROKER_PONG_TIMEOUT_MS: '1s',
      HERMOD_BROKER_SSE_KEEP_ALIVE_MS: '1s',
      HERMOD_HISTORY_AGE_MAX_MS: '1s',
    },
    groups: ['keep-alive', 'framing', 'recovery', 'limits', 'http-bytes'],
  },
  {
    ...plain,
    name: 'little room for topics, sessions and messages',
    settings: readSettings(['topicsMax=40', 'connectionsMax=40', 'messagesPerSecondMax=400']),
    env: {
      HERMOD_HISTORY_TOPICS_MAX: '40',
      HERMOD_BROKER_CONNECTIONS_MAX: '40',
      HERMOD_BROKER_MESSAGES_PER_SECOND_MAX: '400',
    },
    groups: ['limits'],
  },
  {
    ...plain,
    name: 'few sessions of one address, and little memory',
    settings: readSettings(['connectionsPerAddressMax=40', 'historyBytesTotalMax=1_048_576']),
    env: {
      HERMOD_BROKER_CONNECTIONS_PER_ADDRESS_MAX: '40',
      HERMOD_HISTORY_BYTES_TOTAL_MAX: '1MiB',
    },
    groups: ['limits'],
  },
  {
    ...plain,
    name: 'nobody publishes',
    settings: readSettings(['publish=none']),
    env: { WS_PUBLISH: 'none' },
    groups: ['rights'],
  },
  {
    ...plain,
    name: 'patience with slow readers',
    settings: readSettings([]),
    env: {},
    isPatient: true,
    groups: ['slow-readers'],
  },
  {
    ...plain,
    name: 'drop-oldest for slow readers, which are not borne for long',
    settings: readSettings(['slowPolicy=drop-oldest', 'stallTimeoutMs=1000']),
    env: { HERMOD_SLOW_POLICY: 'drop-oldest', HERMOD_BROKER_STALL_TIMEOUT_MS: '1s' },
    isPatient: true,
    groups: ['slow-readers'],
  },
  {
    ...plain,
    name: 'latest-per-topic for slow readers',
    settings: readSettings(['slowPolicy=latest-per-topic']),
    env: { HERMOD_SLOW_POLICY: 'latest-per-topic' },
    isPatient: true,
    groups: ['slow-readers'],
  },
];
