// What an origin tells the gateway on a WebSocket: which of its messages are for the client, which channels the client
// follows, and what keeps it alive. Refuses to know how the origin is reached, and what is published.
// Obeys spec/websocket-over-http.md, section "Control messages".

import { type ControlMessage, parseControl } from '../../codecs/grip/control-message.ts';
import { NO_SLOT } from '../../routing/router-messages.ts';
import { TO_OWNER } from '../../routing/subscriptions.ts';
import { homeOf } from '../../routing/topic.ts';
import type { MessageKind } from '../../runtime/gateway-edges.ts';
import { logFollowed } from '../access-log.ts';
import { topicOfChannel } from '../channel-messages.ts';
import { framed, GRIP_WS } from '../formats.ts';
import { keeperOf } from '../gateway-context.ts';
import { filtersPerChannelMax, needsOwner } from '../rewriting/filters.ts';
import { cut, dismiss, dismissForMistake, say } from './client.ts';
import { type FollowedChannel, forgetSaid, hasWindow, type Session, type Turn } from './session.ts';

export const DELAYED_TIMER = 'delayed';

/** [WOH-REQ-3] Passes on what the origin said, as far as the client can take it. */
export function relay(session: Session, context: Turn): void {
  while (session.client === 'open' && hasWindow(session)) {
    const word = session.words[session.wordsSaid];
    if (word === undefined) break;
    session.wordsSaid += 1;
    if (word.kind === 'message') hearMessage(session, word.type, word.content, context);
    // Who gave the client up does not end it.
    else if (session.isDetached) continue;
    else if (word.kind === 'close') dismiss(session, word.close, context);
    else if (word.kind === 'break') dismissForMistake(session, word, context);
    else cut(session, context);
  }
  if (session.client !== 'waiting') forgetSaid(session);
}

function hearMessage(
  session: Session,
  kind: MessageKind,
  content: Uint8Array,
  context: Turn,
): void {
  const { messagePrefix } = session;
  const isMessage = kind === 'text' || kind === 'binary';
  if (messagePrefix === undefined || !isMessage) {
    say(session, kind, content, context);
    return;
  }
  // [WOH-GRIP-3]
  if (kind === 'text' && startsWith(content, CONTROL_PREFIX)) {
    const control = parseControl(decoder.decode(content));
    if (control === undefined) context.count('gateway.ws.control.ignored');
    else obey(session, control, context);
  } else if (startsWith(content, messagePrefix))
    say(session, kind, content.subarray(messagePrefix.byteLength), context);
  else context.count('gateway.ws.messages.unprefixed');
}

function obey(session: Session, control: ControlMessage, context: Turn): void {
  switch (control.type) {
    case 'subscribe':
      subscribe(session, control.channel, control.filters, context);
      return;
    case 'unsubscribe':
      unsubscribe(session, session.admitted.route.prefix + control.channel, context);
      return;
    case 'detach':
      detach(session, context);
      return;
    case 'set-meta':
      if (control.value === undefined) session.meta.delete(control.name);
      else session.meta.set(control.name, control.value);
      return;
    case 'keep-alive':
      keepAlive(session, control, context);
      return;
    case 'send-delayed':
      flushDelayed(session, context);
      session.delayed = { kind: control.kind, content: control.content };
      context.after(DELAYED_TIMER, control.timeoutMs);
      return;
    case 'flush-delayed':
      flushDelayed(session, context);
      return;
    // Sessions are for a service of states, which nobody runs.
    case 'session':
      return;
    default:
      control satisfies never;
  }
}

function subscribe(
  session: Session,
  shortName: string,
  filters: readonly string[],
  context: Turn,
): void {
  const { route, gateway } = session.admitted;
  const channel = route.prefix + shortName;
  // [WOH-GRIP-7]
  const isNew = !session.channels.has(channel);
  if (isNew && session.channels.size >= gateway.options.connectionSubscriptionsMax) {
    context.count('gateway.ws.subscriptions.too-many');
    return;
  }
  if (filters.length > filtersPerChannelMax) {
    // [WOH-GRIP-17] Only whoever debugs the route learns why.
    const reason = route.isDebug ? `too many filters for channel '${shortName}'` : '';
    closeBoth(session, { code: INTERNAL_ERROR, reason }, context);
    return;
  }
  follow(session, channel, { shortName, filters, isImplicit: false }, context);
}

/** [WOH-GRIP-16] A channel that the route follows in the client's name; the route's prefix is not for it. */
export function followImplicitly(session: Session, channel: string, context: Turn): void {
  follow(session, channel, { shortName: channel, filters: [], isImplicit: true }, context);
}

function follow(session: Session, channel: string, followed: FollowedChannel, context: Turn): void {
  const { connection, admitted, channels } = session;
  const before = channels.get(channel);
  const isImplicit = followed.isImplicit || before?.isImplicit === true;
  channels.set(channel, { ...followed, isImplicit });
  // What needs no filter is encoded once for all who follow; the others write it themselves.
  const format = needsOwner(followed.filters) ? TO_OWNER : GRIP_WS;
  const topic = topicOfChannel(channel);
  context.send(admitted.gateway.router, {
    type: 'subscribe',
    connection,
    // What the origin says after this reaches the client when the channel is followed, and not before.
    slot: (session.slots += 1),
    topic,
    format,
    since: undefined,
  });
  if (before !== undefined) return;
  tellKeeper(session, 'follow', channel, context);
  logFollowed(admitted, channel, context);
}

/** The router took a subscription up, or could not: what the origin said after it may go to the client. */
export function stands({ connection, admitted }: Session, slot: number, context: Turn): void {
  context.send(admitted.gateway.router, { type: 'skip', connection, slot });
}

function unsubscribe(session: Session, channel: string, context: Turn): void {
  const { connection, admitted, channels } = session;
  const followed = channels.get(channel);
  if (followed === undefined || followed.isImplicit) return;
  channels.delete(channel);
  const topic = topicOfChannel(channel);
  context.send(admitted.gateway.router, {
    type: 'unsubscribe',
    connection,
    slot: NO_SLOT,
    topic,
  });
  tellKeeper(session, 'unfollow', channel, context);
}

/** A home that has no room for the channel brings nothing of it. */
export function unfollowed(session: Session, channel: string, context: Turn): void {
  if (session.channels.delete(channel)) tellKeeper(session, 'unfollow', channel, context);
}

/** The keeper of some channels is new, and knows nobody. */
export function followAgain(session: Session, shard: number, context: Turn): void {
  const { shards } = session.admitted.gateway;
  for (const channel of session.channels.keys()) {
    if (homeOf(topicOfChannel(channel), shards) === shard)
      tellKeeper(session, 'follow', channel, context);
  }
}

/** Nothing of the client is left, here and elsewhere. */
export function letGo(session: Session, context: Turn): void {
  const { connection, admitted, channels } = session;
  context.send(admitted.gateway.router, { type: 'leave', connection });
  for (const channel of channels.keys()) tellKeeper(session, 'unfollow', channel, context);
  channels.clear();
}

function tellKeeper(
  { admitted, connection }: Session,
  type: 'follow' | 'unfollow',
  channel: string,
  context: Turn,
): void {
  const { gateway } = admitted;
  const { shard } = gateway;
  context.send(keeperOf(gateway, channel), { type, channel, mode: 'ws', shard, connection });
}

/** [WOH-GRIP-13] */
function detach(session: Session, context: Turn): void {
  if (session.isDetached) return;
  session.isDetached = true;
  session.origin?.close({ code: undefined, reason: '' }, context);
}

function keepAlive(
  session: Session,
  control: Extract<ControlMessage, { readonly type: 'keep-alive' }>,
  context: Turn,
): void {
  const { content, kind, timeoutMs, mode } = control;
  const { connection, admitted } = session;
  context.send(admitted.gateway.router, {
    type: 'keepAlive',
    connection,
    keepAlive:
      content === undefined
        ? undefined
        : { payload: framed(kind, content), everyMs: timeoutMs, isIdle: mode === 'idle' },
  });
}

/** [WOH-GRIP-12] Says now what was to be said later. */
export function flushDelayed(session: Session, context: Turn): void {
  const { delayed } = session;
  if (delayed === undefined) return;
  session.delayed = undefined;
  context.cancel(DELAYED_TIMER);
  say(session, delayed.kind, delayed.content, context);
}

/** The client hears why; the origin hears only that it is over. */
export function closeBoth(
  session: Session,
  close: { readonly code: number | undefined; readonly reason: string },
  context: Turn,
): void {
  if (session.client !== 'open') return;
  session.origin?.close({ code: undefined, reason: '' }, context);
  dismiss(session, close, context);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.byteLength >= prefix.byteLength && prefix.every((byte, at) => bytes[at] === byte);
}

const CONTROL_PREFIX = new Uint8Array([0x63, 0x3a]);
const INTERNAL_ERROR = 1_011;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
