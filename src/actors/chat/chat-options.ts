// What an operator may set about the chat dialect, with the defaults, and how clients are told of it.
// Every limit has a row in spec/hp.md. Refuses to know where the settings come from.

import type { AuthMethod } from '../codecs/hp/requests.ts';
import type { AdmissionLimits } from '../runtime/admission.ts';
import type { ArrivalLimits } from './arrivals.ts';

/** What happens when a user logs in who is here already. */
export type SessionPolicy = 'multi' | 'replace' | 'reject';

export interface ChatOptions extends AdmissionLimits, ArrivalLimits {
  /** What this node and its cluster are called. */
  readonly node: string;
  readonly cluster: string;
  /** `lenient` lets people leave out id, timestamp, source and payload. */
  readonly envelope: 'strict' | 'lenient';
  readonly auth: readonly AuthMethod[];
  /** Passwords and tokens may come in the clear from elsewhere than loopback. */
  readonly allowPlaintext: boolean;
  readonly sessionPolicy: SessionPolicy;
  /** Users who may ask for STATS. */
  readonly admins: readonly string[];
  readonly lineBytesMax: number;
  readonly loginLineBytesMax: number;
  readonly bodyBytesMax: number;
  readonly roomsPerSessionMax: number;
  readonly sessionsPerUserMax: number;
  readonly watchedUsersMax: number;
  readonly messagesPerSecondMax: number;
  readonly messagesBurstMax: number;
  readonly joinsPerSecondMax: number;
  /** Messages that come over bridges into one room, on one node. */
  readonly bridgedPerSecondMax: number;
  readonly presenceEveryMs: number;
  readonly bytesPerSecondMax: number;
  readonly bytesBurstMax: number;
  /** Bytes queued for one connection beyond its network window. */
  readonly queueBytesMax: number;
  readonly stallTimeoutMs: number;
  readonly loginTimeoutMs: number;
  /** Logins that may fail on one connection; the last of them ends it. */
  readonly failedLoginsMax: number;
  /** For one user from one address. */
  readonly wrongPasswordsPerMinuteMax: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly resumeMessagesMax: number;
  readonly resumeBytesMax: number;
  /** Messages that wait for a user who is away; 0 keeps none. */
  readonly offlineMessagesMax: number;
  /** Bytes of them over all users of the node, in equal shares by shard. */
  readonly offlineBytesTotalMax: number;
  readonly offlineAgeMaxMs: number;
  /** Messages that a room remembers. */
  readonly historyMax: number;
  /** Bytes of them over all rooms of the node, and as many of direct messages, in equal shares by shard. */
  readonly historyBytesTotalMax: number;
  readonly roomsMax: number;
  readonly roomMembersMax: number;
  /** With more members, nobody's coming and going is told. */
  readonly roomEventsMax: number;
  /** How long a room is remembered that nobody is in. */
  readonly emptyRoomMs: number;
  /** How long, and how many of a user or room, ids of messages are known again. */
  readonly dedupeMs: number;
  readonly dedupeIdsMax: number;
  /** How long a question to a home may take. */
  readonly answerTimeoutMs: number;
}

export const chatDefaults: ChatOptions = {
  node: 'n1',
  cluster: 'hermod',
  envelope: 'strict',
  auth: ['none'],
  allowPlaintext: false,
  sessionPolicy: 'multi',
  admins: [],
  connectionsMax: 50_000,
  connectionsPerAddressMax: 16,
  arrivalsPerAddressMax: 32,
  arrivalsWindowMs: 600_000,
  lineBytesMax: 65_536,
  loginLineBytesMax: 8_192,
  bodyBytesMax: 16_384,
  roomsPerSessionMax: 100,
  sessionsPerUserMax: 8,
  watchedUsersMax: 500,
  messagesPerSecondMax: 10,
  messagesBurstMax: 20,
  joinsPerSecondMax: 5,
  bridgedPerSecondMax: 100,
  presenceEveryMs: 2_000,
  bytesPerSecondMax: 32_768,
  bytesBurstMax: 131_072,
  queueBytesMax: 786_432,
  stallTimeoutMs: 10_000,
  loginTimeoutMs: 10_000,
  failedLoginsMax: 3,
  wrongPasswordsPerMinuteMax: 5,
  pingEveryMs: 30_000,
  pingTimeoutMs: 60_000,
  resumeWindowMs: 60_000,
  resumeMessagesMax: 1_000,
  resumeBytesMax: 1_048_576,
  offlineMessagesMax: 100,
  offlineBytesTotalMax: 268_435_456,
  offlineAgeMaxMs: 604_800_000,
  historyMax: 1_000,
  historyBytesTotalMax: 268_435_456,
  roomsMax: 100_000,
  roomMembersMax: 100_000,
  roomEventsMax: 1_000,
  emptyRoomMs: 3_600_000,
  dedupeMs: 600_000,
  dedupeIdsMax: 4_096,
  answerTimeoutMs: 5_000,
};

/** [HP-LIM-1] The limits as clients are told them; times in seconds. */
export function limitsTold(options: ChatOptions): Readonly<Record<string, number>> {
  const seconds = (ms: number): number => ms / 1_000;
  return {
    max_line: options.lineBytesMax,
    max_line_before_login: options.loginLineBytesMax,
    max_body: options.bodyBytesMax,
    rooms_per_session: options.roomsPerSessionMax,
    sessions_per_user: options.sessionsPerUserMax,
    watched_users: options.watchedUsersMax,
    messages_per_second: options.messagesPerSecondMax,
    messages_burst: options.messagesBurstMax,
    joins_per_second: options.joinsPerSecondMax,
    presence_every: seconds(options.presenceEveryMs),
    bytes_per_second: options.bytesPerSecondMax,
    bytes_burst: options.bytesBurstMax,
    failed_logins: options.failedLoginsMax,
    wrong_passwords_per_minute: options.wrongPasswordsPerMinuteMax,
    login_timeout: seconds(options.loginTimeoutMs),
    ping_every: seconds(options.pingEveryMs),
    ping_timeout: seconds(options.pingTimeoutMs),
    resume_window: seconds(options.resumeWindowMs),
    resume_messages: options.resumeMessagesMax,
    resume_bytes: options.resumeBytesMax,
    offline_messages: options.offlineMessagesMax,
    offline_time: seconds(options.offlineAgeMaxMs),
    history: options.historyMax,
    page: 100,
    same_id_time: seconds(options.dedupeMs),
    same_id_count: options.dedupeIdsMax,
    send_queue: options.queueBytesMax,
    send_stall: seconds(options.stallTimeoutMs),
    connections_per_address: options.connectionsPerAddressMax,
    arrivals_per_address: options.arrivalsPerAddressMax,
    arrivals_window: seconds(options.arrivalsWindowMs),
  };
}
