// The limits of a server, under the names of spec/broker.md: its defaults, unless whoever runs the suite knows better.
// A case takes its boundaries from here, so that it holds for a server that is set otherwise.

export const defaults = {
  connectionsMax: 50_000,
  connectionsPerAddressMax: 50_000,
  subscriptionsMax: 1_000,
  topicLengthMax: 256,
  idLengthMax: 128,
  jsonDepthMax: 512,
  messageBytesMax: 1_048_576,
  bodyBytesMax: 1_048_576,
  batchMax: 1_000,
  sseTopicsMax: 64,
  messagesPerSecondMax: 100_000,
  queueBytesMax: 1_048_576,
  stallTimeoutMs: 30_000,
  pingEveryMs: 20_000,
  pongTimeoutMs: 20_000,
  sseKeepAliveMs: 15_000,
  sseRetryMs: 2_000,
  historyCountMax: 100,
  historyBytesMax: 1_048_576,
  historyAgeMaxMs: 300_000,
  dedupeIdsMax: 1_000,
  topicsMax: 100_000,
  historyBytesTotalMax: 67_108_864,
};

export type Limit = keyof typeof defaults;
export type Limits = Readonly<Record<Limit, number>>;

export interface Settings extends Limits {
  readonly slowPolicy: 'disconnect' | 'drop-oldest' | 'latest-per-topic';
  /** Who may publish at all. */
  readonly publish: 'all' | 'none';
  /** How far apart the clocks of those who make tokens and of the server may be. */
  readonly leewaySeconds: number;
}

export const defaultSettings: Settings = {
  ...defaults,
  slowPolicy: 'disconnect',
  publish: 'all',
  leewaySeconds: 30,
};

/** What no setting changes. */
export const fixed = {
  windowBytes: 262_144,
  payloadExtraBytes: 32,
  fragments: 16_384,
  offers: 32,
  headFields: 100,
  headBytes: 16_384,
};

const words: Readonly<Record<string, readonly string[]>> = {
  slowPolicy: ['disconnect', 'drop-oldest', 'latest-per-topic'],
  publish: ['all', 'none'],
};

/** Reads `name=value` texts over the defaults; throws with a sentence for the first that cannot be read. */
export function readSettings(texts: readonly string[]): Settings {
  const settings: Record<string, number | string> = { ...defaultSettings };
  for (const text of texts) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new Error(`--set ${text}: it must be a name, "=" and a value.`);
    if (!Object.hasOwn(settings, name)) {
      const names = Object.keys(settings).join(', ');
      throw new Error(`--set ${text}: there is no setting ${name}. There are ${names}.`);
    }
    const allowed = words[name];
    if (allowed === undefined ? !/^\d[\d_]*$/.test(value) : !allowed.includes(value)) {
      const kind = allowed === undefined ? 'a number in digits' : `one of ${allowed.join(', ')}`;
      throw new Error(`--set ${text}: the value must be ${kind}.`);
    }
    settings[name] = allowed === undefined ? Number(value.replaceAll('_', '')) : value;
  }
  return settings as unknown as Settings;
}
