// Takes what publishers and operators say, whatever door it came through: HTTP, ZeroMQ PULL and SUB, and commands.
// Items go to the keepers of their channels in the order in which they came; the answer says that they were taken,
// not that anybody got them. One such actor lives on a node, on shard 0.
// Refuses to know sockets, subscribers and sequence. Obeys spec/grip.md, sections "Publishing" and "Commands".

import {
  type GripItem,
  itemFromValue,
  itemFromZmq,
  itemsFromControlBody,
  itemsFromList,
} from '../codecs/grip/publish-item.ts';
import { decodeTnetstring, encodeTnetstring } from '../codecs/grip/tnetstring.ts';
import { isUtf8 } from '../codecs/utf8.ts';
import type { ActorDefinition, Address, Context } from '../runtime/actor.ts';
import type { ControlEvent } from '../runtime/gateway-edges.ts';
import { blocksOf } from './channels/blocks.ts';
import { type ControlAnswer, done, readWish, refusal } from './control-answers.ts';
import type { ConnectionsChecked, DoorOrder } from './door-messages.ts';
import { type GatewayContext, keeperOf } from './gateway-context.ts';

export interface ControlArgs {
  readonly gateway: GatewayContext;
  readonly doorOfShard: (shard: number) => Address<DoorOrder>;
  /** Told to whoever asks where to publish; only what others can connect to. */
  readonly zmqUris: ZmqUris;
}

export interface ZmqUris {
  readonly command: string | undefined;
  readonly publishPull: string | undefined;
  readonly publishSub: string | undefined;
}

export type ControlMessage = ControlEvent | ConnectionsChecked;

/** All shards were asked about connections, and not all have answered. */
interface Inquiry {
  readonly purpose: 'refresh' | 'conncheck';
  readonly command: Command;
  readonly ids: readonly string[];
  readonly found: Set<string>;
  readonly waitingFor: Set<number>;
}

interface Command {
  readonly ref: number;
  readonly id: Uint8Array | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type Turn = Context<ControlMessage>;

interface State {
  readonly args: ControlArgs;
  readonly inquiries: Map<number, Inquiry>;
  asked: number;
}

const ANSWER_TIMEOUT_MS = 10_000;
const INQUIRIES_MAX = 1_000;
const NO_BYTES = new Uint8Array(0);

export const controlActor: ActorDefinition<ControlArgs, State, ControlMessage> = {
  kind: 'control',
  // The doors hand in no more than they may have open: 128 requests, 100 commands and one batch of items.
  mailboxMax: 16_384,
  onFailure: 'restart',
  start: (args) => ({ args, inquiries: new Map(), asked: 0 }),
  receive(state, message, context) {
    switch (message.type) {
      case 'controlRequested':
        obeyRequest(state, message, context);
        return;
      case 'itemReceived':
        takeItem(state, message, context);
        return;
      case 'batchEnded':
        context.send(state.args.gateway.edges.control, { type: 'batchTaken', ref: message.ref });
        return;
      case 'commandReceived':
        obeyCommand(state, message.ref, message.frame, context);
        return;
      case 'connectionsChecked':
        hearShard(state, message, context);
        return;
      case 'timedOut':
        giveUp(state, Number(message.name), context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

function obeyRequest(
  { args }: State,
  request: Extract<ControlEvent, { readonly type: 'controlRequested' }>,
  context: Turn,
): void {
  const { connection, method, target, accept, body } = request;
  const say = (answer: ControlAnswer): void => {
    if (answer.status !== 200) context.count('control.refused');
    context.send(args.gateway.edges.control, { type: 'controlAnswer', connection, ...answer });
  };
  const wish = readWish(method, target, accept);
  if (wish.kind === 'answer') {
    say(wish.answer);
  } else if (wish.kind === 'recover') {
    say(done('Updated', wish.wantsJson));
    recover(args.gateway, context);
  } else {
    const reading = itemsFromControlBody(body);
    if (!reading.ok) {
      say(refusal(reading.mistake.message));
      return;
    }
    // The answer leaves first: it says nothing about receivers, and a publisher does not wait for them.
    say(done('Published', wish.wantsJson));
    publish(args.gateway, reading.items, context);
  }
}

function takeItem(
  { args }: State,
  message: Extract<ControlEvent, { readonly type: 'itemReceived' }>,
  context: Turn,
): void {
  const { input, frames } = message;
  const [first = NO_BYTES, second = NO_BYTES] = frames;
  const framesWanted = input === 'pull' ? 1 : 2;
  if (frames.length !== framesWanted) {
    const problem = `${framesWanted} frames were expected, ${frames.length} came`;
    drop(args.gateway, input, problem, context);
    return;
  }
  if (input === 'sub' && !isUtf8(first)) {
    drop(args.gateway, input, 'the channel is not UTF-8', context);
    return;
  }
  const reading = input === 'pull' ? itemFromZmq(first) : itemFromZmq(second, decode(first));
  if (reading.ok) publish(args.gateway, [reading.item], context);
  else drop(args.gateway, input, reading.mistake.message, context);
}

/** [GRIP-ZMQ-2] What cannot be read is nobody's to answer for: it is counted, told, and forgotten. */
function drop(gateway: GatewayContext, input: string, problem: string, context: Turn): void {
  context.count('control.itemsDropped');
  const fields = { input, problem };
  context.send(gateway.edges.log, {
    type: 'log',
    level: 'warn',
    event: 'publish.dropped',
    fields,
  });
}

function publish(gateway: GatewayContext, items: readonly GripItem[], context: Turn): void {
  if (items.length === 0) return;
  context.count('control.itemsPublished', items.length);
  context.send(gateway.edges.operator, {
    type: 'itemsPublished',
    count: items.length,
    blocks: blocksOfAll(items, gateway),
  });
  for (const item of items) {
    context.send(keeperOf(gateway, item.channel), { type: 'publishItem', item });
  }
}

function blocksOfAll(items: readonly GripItem[], gateway: GatewayContext): number | undefined {
  if (gateway.options.messageBlockBytes === undefined) return undefined;
  return items.reduce((sum, item) => sum + (blocksOf(item, gateway.options) ?? 0), 0);
}

function recover(gateway: GatewayContext, context: Turn): void {
  context.count('control.recoveries');
  for (let shard = 0; shard < gateway.shards; shard += 1) {
    context.send(gateway.channelsOfShard(shard), { type: 'recover' });
  }
}

function obeyCommand(state: State, ref: number, frame: Uint8Array, context: Turn): void {
  const { gateway, zmqUris } = state.args;
  const request = readCommand(frame);
  if (request === undefined) {
    refuse(gateway, { ref, id: undefined }, 'bad-request', undefined, context);
    return;
  }
  const command: Command = { ref, id: request.id };
  switch (request.method) {
    case 'publish':
      publishCommand(gateway, command, request.args, context);
      return;
    case 'recover':
      succeed(gateway, command, null, context);
      recover(gateway, context);
      return;
    case 'refresh':
      refreshCommand(state, command, request.args, context);
      return;
    case 'conncheck': {
      const ids = textsAt(request.args, 'ids');
      if (ids === undefined) refuse(gateway, command, 'bad-request', undefined, context);
      else inquire(state, 'conncheck', command, ids, context);
      return;
    }
    case 'get-zmq-uris': {
      const { command: commandUri, publishPull, publishSub } = zmqUris;
      const value = {
        ...(commandUri === undefined ? {} : { command: commandUri }),
        ...(publishPull === undefined ? {} : { 'publish-pull': publishPull }),
        ...(publishSub === undefined ? {} : { 'publish-sub': publishSub }),
      };
      succeed(gateway, command, value, context);
      return;
    }
    default:
      refuse(gateway, command, 'method-not-found', undefined, context);
  }
}

function publishCommand(
  gateway: GatewayContext,
  command: Command,
  args: Fields,
  context: Turn,
): void {
  if (!('items' in args)) {
    const text = "Invalid format: object does not contain 'items'";
    refuse(gateway, command, 'bad-request', text, context);
    return;
  }
  const reading = itemsFromList(args['items'], 'tnetstring');
  if (!reading.ok) {
    refuse(gateway, command, 'bad-request', reading.mistake.message, context);
    return;
  }
  succeed(gateway, command, null, context);
  publish(gateway, reading.items, context);
}

function refreshCommand(state: State, command: Command, args: Fields, context: Turn): void {
  const { gateway } = state.args;
  const cid = textAt(args, 'cid');
  if ('cid' in args || !('channel' in args)) {
    if (cid === undefined) refuse(gateway, command, 'bad-request', undefined, context);
    else inquire(state, 'refresh', command, [cid], context);
    return;
  }
  const channel = textAt(args, 'channel');
  if (channel === undefined) {
    refuse(gateway, command, 'bad-request', undefined, context);
    return;
  }
  const formats = { 'ws-message': { action: 'refresh' } };
  // Out of sequence: it is an order to sessions, and no item of the channel.
  const reading = itemFromValue({ channel, formats, 'no-seq': true }, 'json');
  succeed(gateway, command, null, context);
  if (!reading.ok) return;
  const { item } = reading;
  context.send(keeperOf(gateway, channel), { type: 'publishItem', item });
}

/** [GRIP-CMD-3] Asks the doors of all shards, since only the one that has a connection knows it. */
function inquire(
  state: State,
  purpose: Inquiry['purpose'],
  command: Command,
  ids: readonly string[],
  context: Turn,
): void {
  const { gateway, doorOfShard } = state.args;
  if (state.inquiries.size >= INQUIRIES_MAX) {
    refuse(gateway, command, 'proxy-request-failed', undefined, context);
    return;
  }
  const ref = (state.asked += 1);
  const waitingFor = new Set<number>();
  for (let shard = 0; shard < gateway.shards; shard += 1) {
    waitingFor.add(shard);
    const replyTo = context.self;
    const areWebSockets = purpose === 'refresh';
    const ask = { type: 'checkConnections', ref, ids, areWebSockets, replyTo } as const;
    context.send(doorOfShard(shard), ask);
  }
  state.inquiries.set(ref, { purpose, command, ids, found: new Set(), waitingFor });
  context.after(String(ref), ANSWER_TIMEOUT_MS);
}

function hearShard(state: State, message: ConnectionsChecked, context: Turn): void {
  const { ref, shard, found } = message;
  const inquiry = state.inquiries.get(ref);
  if (inquiry === undefined || !inquiry.waitingFor.delete(shard)) return;
  for (const id of found) inquiry.found.add(id);
  const { gateway, doorOfShard } = state.args;
  const { purpose, command, ids } = inquiry;
  const [cid] = ids;
  if (purpose === 'refresh' && cid !== undefined && found.includes(cid)) {
    conclude(state, ref, context);
    context.send(doorOfShard(shard), { type: 'refresh', cid });
    succeed(gateway, command, null, context);
  } else if (inquiry.waitingFor.size === 0) {
    conclude(state, ref, context);
    if (purpose === 'refresh') refuse(gateway, command, 'item-not-found', undefined, context);
    else {
      const known = ids.filter((id) => inquiry.found.has(id));
      succeed(gateway, command, [...new Set(known)], context);
    }
  }
}

/** A shard did not answer: what it does not say is not known, so nothing is claimed. */
function giveUp(state: State, ref: number, context: Turn): void {
  const inquiry = state.inquiries.get(ref);
  if (inquiry === undefined) return;
  conclude(state, ref, context);
  context.count('control.inquiriesUnanswered');
  const condition = inquiry.purpose === 'refresh' ? 'timeout' : 'proxy-request-failed';
  refuse(state.args.gateway, inquiry.command, condition, undefined, context);
}

function conclude(state: State, ref: number, context: Turn): void {
  state.inquiries.delete(ref);
  context.cancel(String(ref));
}

function succeed(gateway: GatewayContext, command: Command, value: unknown, context: Turn): void {
  reply(gateway, command, { success: true, value }, context);
}

function refuse(
  gateway: GatewayContext,
  command: Command,
  condition: string,
  text: string | undefined,
  context: Turn,
): void {
  context.count('control.commandsRefused');
  const value = text === undefined ? {} : { value: text };
  reply(gateway, command, { success: false, condition, ...value }, context);
}

function reply(gateway: GatewayContext, { ref, id }: Command, fields: Fields, context: Turn): void {
  context.count('control.commands');
  const frame = encodeTnetstring(id === undefined ? fields : { id, ...fields });
  context.send(gateway.edges.control, { type: 'commandReply', ref, frame });
}

function readCommand(
  frame: Uint8Array,
):
  | { readonly id: Uint8Array | undefined; readonly method: string; readonly args: Fields }
  | undefined {
  const decoded = decodeTnetstring(frame);
  if (!decoded.ok || !isFields(decoded.value)) return undefined;
  const { id, args = {} } = decoded.value as { readonly id?: unknown; readonly args?: unknown };
  const method = textAt(decoded.value, 'method');
  if (id !== undefined && !(id instanceof Uint8Array)) return undefined;
  if (method === undefined || !isFields(args)) return undefined;
  return { id, method, args };
}

function textAt(fields: Fields, key: string): string | undefined {
  return textOf(fields[key]);
}

function textsAt(fields: Fields, key: string): readonly string[] | undefined {
  const list = fields[key];
  if (!Array.isArray(list)) return undefined;
  const texts = list.map(textOf).filter((text) => text !== undefined);
  return texts.length === list.length ? texts : undefined;
}

function textOf(value: unknown): string | undefined {
  return value instanceof Uint8Array && isUtf8(value) ? decode(value) : undefined;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}
