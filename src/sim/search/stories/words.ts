// Plain words for what plans and traces say in fields: a client's manner, a fault, an event, a setting that is not the
// plain one. Refuses to choose what is worth telling.

import type { Plan } from '../../plan.ts';
import { plainSettings } from '../../plan/settings.ts';
import type { EventOf, Token, TraceEvent, TracePosition } from '../../trace.ts';
import type { ClientPlan } from '../../workload/client-plan.ts';
import { grouped } from '../telling.ts';
import { gatewayWords } from './gateway-words.ts';
import { nodeWords } from './node-words.ts';

/** Letters for epochs, whose own names are long and mean nothing. */
export class Epochs {
  readonly #letters = new Map<string, string>();

  /** `A:17`. */
  place({ epoch, offset }: TracePosition): string {
    return `${this.letter(epoch)}:${offset}`;
  }

  letter(epoch: string): string {
    const known = this.#letters.get(epoch);
    if (known !== undefined) return known;
    const letter = String.fromCharCode(0x41 + (this.#letters.size % 26));
    this.#letters.set(epoch, letter);
    return letter;
  }

  /** A sentence in which epochs have their letters. */
  in(sentence: string): string {
    let said = sentence;
    for (const [epoch, letter] of this.#letters) said = said.replaceAll(epoch, letter);
    return said;
  }

  /** Undefined when there were none. */
  get legend(): string | undefined {
    if (this.#letters.size === 0) return undefined;
    const letters = [...this.#letters].map(([epoch, letter]) => `${letter} for ${epoch}`);
    return `Places are epoch:offset, with ${letters.join(', ')}.`;
  }
}

/** What is set otherwise than in a plain world. */
export function settingWords(plan: Plan): string[] {
  const { broker, home, receiptBytes, serviceUs, fineTurns, portUs, addresses } = plan;
  const rest = { receiptBytes, serviceUs, fineTurns, portUs, addresses };
  const values: Record<string, unknown> = { ...broker, ...home, ...rest };
  const plain: Record<string, unknown> = {
    ...plainSettings.broker,
    ...plainSettings.home,
    ...plainSettings,
  };
  return Object.entries(values)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name]))
    .map(([name, value]) => wordsOf(name, value));
}

function wordsOf(name: string, value: unknown): string {
  const number = typeof value === 'number' ? grouped(value) : String(value);
  switch (name) {
    case 'welcome':
      return 'nobody is welcomed by an info frame';
    case 'slowPolicy':
      return value === 'drop-oldest'
        ? 'slow readers lose the oldest publications'
        : 'slow readers get the latest of each topic only';
    case 'queueBytesMax':
      return `a reader's queue holds ${number} bytes`;
    case 'requireToken':
      return 'a token is needed';
    case 'historyCountMax':
      return `a topic remembers ${number} publications`;
    case 'historyBytesMax':
      return `a topic remembers ${number} bytes`;
    case 'historyAgeMaxMs':
      return `a topic remembers for ${seconds(Number(value) * 1_000)}`;
    case 'publish':
      return 'nobody may publish';
    case 'addresses':
      return `clients come from ${number} network address${value === 1 ? '' : 'es'}`;
    case 'receiptBytes':
      return value === 1 ? 'every write gets a receipt' : `a receipt comes every ${number} bytes`;
    case 'serviceUs':
      return `a message keeps a thread busy for ${number} µs`;
    case 'fineTurns':
      return `${number} of ten turns take one message only`;
    case 'portUs':
      return `crossings between shards take up to ${seconds(Number(value))}`;
    default:
      return `${name} is ${number}`;
  }
}

/** One client, by what it does. */
export function clientWords(client: ClientPlan): string {
  const { behaviour, transport, topics, publishes, everyUs, burst, idPercent, dataBytes } = client;
  const by = { ws: 'WebSocket', sse: 'event stream', post: 'HTTP' }[transport];
  const pace = `about every ${seconds(everyUs)}`;
  const said: string[] = [];
  if (behaviour === 'malformed') said.push(`speaks nonsense over ${by} ${pace}`);
  else if (behaviour === 'mistaken') said.push(`makes mistakes over ${by} ${pace}`);
  else if (behaviour === 'churning')
    said.push(`subscribes to ${listed(topics)} and unsubscribes again over ${by}, ${pace}`);
  else if (topics.length > 0)
    said.push(
      `follows ${listed(topics)} by ${by}${client.envelope ? '' : ', without envelopes'}` +
        (client.recovers && client.envelope ? ', coming back with its place' : ''),
    );
  if (behaviour === 'steady' && publishes.length > 0) {
    const often = burst === 1 ? pace : `${burst} at a time ${pace}`;
    const ids = idPercent === 0 ? '' : `, with ids of its own (${idPercent} %)`;
    const bytes = dataBytes < LARGE_BYTES ? '' : `, of ${grouped(dataBytes)} bytes`;
    said.push(`publishes to ${listed(publishes)} over ${by}, ${often}${ids}${bytes}`);
  }
  if (behaviour === 'slow')
    said.push(
      client.readBytes === 0
        ? 'reads nothing'
        : `reads ${grouped(client.readBytes)} bytes twenty times a second`,
    );
  if (client.leavesEveryUs > 0) said.push(`leaves about every ${seconds(client.leavesEveryUs)}`);
  if (client.awayUs > 0) said.push(`stays away for ${seconds(client.awayUs)}`);
  if (client.isPulsing) said.push('speaks for a moment, then for long, and then rests');
  if (client.isUneven) said.push('says much now and then');
  if (client.isFickle) said.push('asks anew for some topics at once');
  if (client.isCurious) said.push(`asks about its topics ${pace}`);
  if (behaviour === 'mute') said.push('never answers a ping');
  if (client.token !== undefined) said.push(tokenWords(client.token));
  if (client.token?.expiresInMs !== undefined)
    said.push(`its token lasts ${seconds(client.token.expiresInMs * 1_000)}`);
  return `client ${client.client} ${said.length === 0 ? 'connects' : said.join('; ')}${linkWords(client)}`;
}

function tokenWords({ subscribe, publish, flaw }: Token): string {
  if (flaw !== undefined) return flaw === 'missing' ? 'shows no token' : 'shows what is no token';
  const may = (patterns: readonly string[]): string =>
    patterns.includes('*') ? 'everything' : patterns.length === 0 ? 'nothing' : listed(patterns);
  return `may follow ${may(subscribe)} and publish to ${may(publish)}`;
}

function linkWords({ link }: ClientPlan): string {
  const said: string[] = [];
  if (link.latencyUs + link.jitterUs > NEAR_US)
    said.push(
      `its way takes ${seconds(link.latencyUs)} to ${seconds(link.latencyUs + link.jitterUs)}`,
    );
  if (link.windowBytes < WIDE_BYTES) said.push(`a window of ${grouped(link.windowBytes)} bytes`);
  if (link.cutPercent > 0) said.push(`${link.cutPercent} % of chunks are cut`);
  if (link.joinPercent > 0) said.push(`${link.joinPercent} % of reads are joined`);
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/** One event, without its instant. */
export function eventWords(event: TraceEvent, epochs: Epochs): string {
  const who = 'client' in event ? `client ${event.client}` : '';
  switch (event.kind) {
    case 'began':
      return 'the nodes are there';
    case 'joined':
      return `${who} is there`;
    case 'connected':
      return `${who} connects by ${event.transport === 'sse' ? 'event stream' : 'WebSocket'}`;
    case 'closed':
      return closedWords(event, who);
    case 'turnedAway':
      return `${who} is turned away with ${event.status}: ${event.error}`;
    case 'pinged':
      return `${who} hears that its server is there`;
    case 'inquired':
      return `${who} asks ${event.asked === 'list' ? 'which topics there are' : `about '${event.topic}'`}`;
    case 'told':
      return `${who} is told of ${event.topics.length === 0 ? 'no topic' : listed(event.topics)}`;
    case 'refused':
      return `${who} is refused (${event.asked} of '${event.topic}'): ${event.error}`;
    case 'subscribeSent':
      return (
        `${who} asks to follow '${event.topic}'` +
        (event.since === undefined ? '' : `, and for what came after ${epochs.place(event.since)}`)
      );
    case 'subscribed':
      return subscribedWords(event, who, epochs);
    case 'unsubscribeSent':
      return `${who} asks to follow '${event.topic}' no more`;
    case 'unsubscribed':
      return `${who} is told that it follows '${event.topic}' no more`;
    case 'publishSent':
      return (
        `${who} publishes ${nameOf(event)} to '${event.topic}'${event.isRepeat ? ' again' : ''}` +
        (event.id === undefined ? '' : ` under the id ${event.id}`)
      );
    case 'published':
      return (
        `${who} is told that ${nameOf(event)} of '${event.topic}' has the place ${epochs.place(event.position)}` +
        (event.isDuplicate ? ', and had it before' : '')
      );
    case 'publishFailed':
      return (
        `${who} is told that ${nameOf(event)} of '${event.topic}' ` +
        (event.why === 'unknown' ? 'may or may not have been made' : 'was refused')
      );
    case 'message':
      return (
        `${who} gets ${nameOf(event)} of '${event.topic ?? event.saidTopic}'` +
        (event.position === undefined ? '' : ` at ${epochs.place(event.position)}`)
      );
    case 'gap': {
      const from = epochs.place({ epoch: event.epoch, offset: event.from });
      const range = event.to === undefined ? `all from ${from} on` : `${from} to ${event.to}`;
      return `${who} is told that it misses ${range} of '${event.topic}' (${event.reason})`;
    }
    case 'listed':
      return `${who} is told of ${event.topics.length} topics that are followed`;
    case 'informed':
      return (
        `${who} is told that '${event.topic}' has ${event.subscribers} subscribers` +
        (event.position === undefined ? '' : `, and stands at ${epochs.place(event.position)}`)
      );
    case 'counted':
      return (
        `shard ${event.node}.${event.shard} holds ${event.connections} connections ` +
        `and ${event.actors} actors`
      );
    case 'greeted':
      return `${who} is ${event.isWelcome ? 'welcomed' : 'told other words first'}`;
    case 'asked':
      return `${who} asks ${JSON.stringify(event.text)}`;
    case 'answered':
      return `${who} is told ${JSON.stringify(event.heard)}`;
    case 'brokenSent':
      return `${who} sends what is no frame: ${event.what}`;
    case 'misworded':
      return `${who} is told ${JSON.stringify(event.text)}`;
    case 'unexpected':
      return `${who} hears what it did not ask for: ${event.what}`;
    case 'nodeKilled':
      return `node ${event.node} dies for ever`;
    case 'left':
      return `${who} goes for ever`;
    case 'shardCrashed':
      return `shard ${event.node}.${event.shard} dies`;
    case 'shardStarted':
      return `a fresh shard ${event.node}.${event.shard} starts`;
    case 'actorFailed':
      return `${event.address} of shard ${event.node}.${event.shard} fails: ${event.error}`;
    case 'sampled':
      return (
        `shard ${event.node}.${event.shard} has ${grouped(event.waiting)} messages waiting, ` +
        `and ${grouped(event.outstandingBytes)} bytes out on one connection`
      );
    case 'unheard':
    case 'recoveryGivenUp':
    case 'receiptUnnoted':
    case 'booksKept':
    case 'lagged':
    case 'publisherWaits':
    case 'routesSeen':
    case 'copyAwaited':
    case 'awaySeen':
    case 'copyDiffers':
    case 'nodesDiffer':
    case 'heldInVain':
    case 'poisoned':
      return nodeWords(event);
    case 'healed':
      return 'all faults are over, and clients begin nothing new';
    case 'unanswered':
      return `${who} still waits for the answer to its ${event.what} of '${event.topic}'`;
    case 'rested':
      return 'what could come of itself has come';
    case 'quiet':
      return 'everything has come to rest';
    default:
      return gatewayWords(event);
  }
}

function closedWords({ by, code }: EventOf<'closed'>, who: string): string {
  if (by === 'client') return `${who} leaves`;
  if (by === 'server') return `${who} is closed by the server with ${code}`;
  return `the connection of ${who} is lost`;
}

function subscribedWords(event: EventOf<'subscribed'>, who: string, epochs: Epochs): string {
  const { topic, position, recovered } = event;
  const standing = position === undefined ? '' : `, which stands at ${epochs.place(position)}`;
  const recovery =
    recovered === undefined
      ? ''
      : `, and that what it missed ${recovered ? 'comes now' : 'cannot be had'}`;
  return `${who} is told that it follows '${topic}'${standing}${recovery}`;
}

function nameOf(event: { readonly publisher: number; readonly sequence: number }): string {
  return `${event.publisher}/${event.sequence}`;
}

/** `0.25 s`; below a tenth in milliseconds, below one of those in microseconds. */
export function seconds(us: number): string {
  if (us >= 100_000) return `${Number((us / 1e6).toFixed(3))} s`;
  return us >= 1_000 ? `${Number((us / 1e3).toFixed(1))} ms` : `${us} µs`;
}

function listed(topics: readonly string[]): string {
  return topics.map((topic) => `'${topic}'`).join(', ');
}

const LARGE_BYTES = 1_000;
const NEAR_US = 5_000;
const WIDE_BYTES = 1_048_576;
