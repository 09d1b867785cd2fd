// Houses: how a node is set where plays are played at its doors. All limits are so low that few people come to them.
// Refuses to know what is played.

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';

export interface House {
  /** Threads of the node. */
  readonly shards: number;
  /** How whoever comes in proves who he is. */
  readonly proof: 'none' | 'password' | 'token';
  /** No other proof counts. */
  readonly isStrict: boolean;
  readonly isLenient: boolean;
  /** Proofs are taken in the clear from anywhere. */
  readonly isPlain: boolean;
  /** Nobody may say much. */
  readonly isSlow: boolean;
  readonly policy: ChatOptions['sessionPolicy'];
  /** Little is remembered, and not for long. */
  readonly isNarrow: boolean;
  /** Where the node is not alone. */
  readonly company?: Company | undefined;
  /** What is heard may come from a node that is played. */
  readonly isAmongOthers?: boolean;
}

/** Nodes that are set in the same way. */
export interface Company {
  readonly nodes: number;
  /** They tell each other where clients find them. */
  readonly isAdvertised: boolean;
  /** All of them speak the last version. */
  readonly isNew: boolean;
}

/** Where the defaults are not it. */
export function optionsOf(house: House): HouseOptions {
  if (house.company !== undefined) return { ...usual(house), ...OF_COMPANIES };
  return house.isNarrow ? { ...usual(house), ...narrow(house) } : usual(house);
}

/** There is time for what goes from node to node. */
const OF_COMPANIES = {
  ...{ answerTimeoutMs: 4_000, pingEveryMs: 30_000, pingTimeoutMs: 60_000, roomsMax: 1_000 },
} as const satisfies Partial<ChatOptions>;

function narrow({ policy, shards }: House) {
  return {
    ...{ sessionPolicy: policy, answerTimeoutMs: 4_000, arrivalsPerAddressMax: 100 },
    ...{ offlineMessagesMax: policy === 'reject' ? 0 : 2, offlineBytesTotalMax: 20_000 * shards },
    ...{ historyMax: 8, historyBytesTotalMax: 20_000 * shards, resumeMessagesMax: 3 },
    ...{ dedupeMs: 3_000, dedupeIdsMax: 4, emptyRoomMs: 1_500, roomsMax: 100 * shards },
    ...{ roomEventsMax: 2, roomMembersMax: 8, joinsPerSecondMax: 2 },
    ...{ bytesPerSecondMax: 5_000, bytesBurstMax: 40_000, loginTimeoutMs: 12_000 },
    bridgedPerSecondMax: 30,
    ...{ offlineAgeMaxMs: 6_000, resumeBytesMax: 6_000 },
  } as const satisfies Partial<HouseOptions>;
}

type HouseOptions = Pick<ChatOptions, keyof ReturnType<typeof usual>>;

function usual(house: House) {
  const { shards, proof, isStrict, isLenient, isPlain, isSlow, policy } = house;
  return {
    ...{ envelope: isLenient ? 'lenient' : 'strict', allowPlaintext: isPlain },
    ...{ auth: isStrict ? [proof] : ['password', 'none', 'token'], sessionPolicy: policy },
    ...{ failedLoginsMax: 3, wrongPasswordsPerMinuteMax: 2, admins: ['warden'] },
    ...{ connectionsMax: 6 * shards, connectionsPerAddressMax: 3 },
    ...{ arrivalsPerAddressMax: 6, arrivalsWindowMs: 3_000 },
    ...{ lineBytesMax: 20_000, loginLineBytesMax: 2_000, bodyBytesMax: 16_384 },
    ...{ bytesPerSecondMax: 1_000_000, bytesBurstMax: 4_000_000 },
    ...{ messagesPerSecondMax: isSlow ? 2 : 1_000, messagesBurstMax: isSlow ? 4 : 1_000 },
    bridgedPerSecondMax: 100,
    ...{ joinsPerSecondMax: 100, presenceEveryMs: 1_000, roomsMax: 8 * shards },
    ...{ roomsPerSessionMax: 2, sessionsPerUserMax: 3, watchedUsersMax: 2 },
    ...{ offlineMessagesMax: 2, historyMax: 20, resumeMessagesMax: 10, resumeWindowMs: 2_500 },
    ...{ loginTimeoutMs: 3_000, answerTimeoutMs: 1_500, pingEveryMs: 6_000, pingTimeoutMs: 9_000 },
    ...{ emptyRoomMs: 3_600_000, roomEventsMax: 1_000, roomMembersMax: 3, stallTimeoutMs: 8_000 },
    ...{ queueBytesMax: 786_432, resumeBytesMax: 1_048_576, offlineBytesTotalMax: 268_435_456 },
    ...{ historyBytesTotalMax: 268_435_456, dedupeMs: 600_000, dedupeIdsMax: 4_096 },
    offlineAgeMaxMs: 604_800_000,
  } as const satisfies Partial<ChatOptions>;
}

/** [HP-LIM-1] As the spec names and counts them. */
export function limitsOf(house: House): Readonly<Record<string, number>> {
  const options = optionsOf(house);
  return {
    ...{ max_line: options.lineBytesMax, max_line_before_login: options.loginLineBytesMax },
    ...{ max_body: options.bodyBytesMax, rooms_per_session: options.roomsPerSessionMax },
    ...{ sessions_per_user: options.sessionsPerUserMax, watched_users: options.watchedUsersMax },
    messages_per_second: options.messagesPerSecondMax,
    messages_burst: options.messagesBurstMax,
    ...{ joins_per_second: options.joinsPerSecondMax, presence_every: 1 },
    ...{ bytes_per_second: options.bytesPerSecondMax, bytes_burst: options.bytesBurstMax },
    failed_logins: options.failedLoginsMax,
    wrong_passwords_per_minute: options.wrongPasswordsPerMinuteMax,
    login_timeout: options.loginTimeoutMs / 1_000,
    ...{ resume_window: 2.5, ping_every: options.pingEveryMs / 1_000 },
    ping_timeout: options.pingTimeoutMs / 1_000,
    ...{ resume_messages: options.resumeMessagesMax, resume_bytes: options.resumeBytesMax },
    ...{
      offline_messages: options.offlineMessagesMax,
      offline_time: options.offlineAgeMaxMs / 1_000,
    },
    ...{
      history: options.historyMax,
      page: 100,
      same_id_time: options.dedupeMs / 1_000,
      same_id_count: options.dedupeIdsMax,
    },
    ...{ send_queue: options.queueBytesMax, send_stall: 8 },
    connections_per_address: options.connectionsPerAddressMax,
    ...{ arrivals_per_address: options.arrivalsPerAddressMax, arrivals_window: 3 },
  };
}

/** Users are known by it, and their passwords. */
export function passwordOf(user: string): string {
  return `the password of ${user.toLowerCase()}`;
}

/** No file of passwords has them. */
export function isStranger(user: string): boolean {
  return user.toLowerCase().startsWith('absent');
}

/** How long it takes until a password is judged, where that is long; undefined where nobody ever does. */
export function judgedAfterMs(user: string): number | undefined {
  if (user.startsWith('never')) return undefined;
  return user.startsWith('late') ? 2_000 : user.startsWith('slow') ? 300 : 0;
}
