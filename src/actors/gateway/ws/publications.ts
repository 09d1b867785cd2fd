// What becomes of an item for one WebSocket client, where the router cannot decide it for all: items for those whose
// channel has filters, and items that close, refresh or speak of filters. A filter may ask an origin; later items wait.
// Refuses to know other clients, and order: that is the router's. Obeys spec/websocket-over-http.md, section "Publishing".

import { firstHeader, type HeaderList, headerLine } from '../../codecs/grip/header-list.ts';
import type { GripItem, WsFormat } from '../../codecs/grip/publish-item.ts';
import type { Publication } from '../../routing/publication.ts';
import type { OriginAddress, OriginEvent } from '../../runtime/gateway-edges.ts';
import { channelOfTopic, isUpdate } from '../channel-messages.ts';
import { dataOf } from '../formats.ts';
import { type Forwarded, forwardOwn, originOf } from '../forward.ts';
import { linkFrom } from '../requests/links.ts';
import { type FilterContext, type FilterVerdict, runFilters } from '../rewriting/filters.ts';
import { say } from './client.ts';
import { closeBoth } from './grip-control.ts';
import { type FollowedChannel, nextRef, type Session, type Turn } from './session.ts';

/** An item arrived that the session has to look at. */
export function hearPublication(session: Session, publication: Publication, context: Turn): void {
  if (session.filtering === undefined) {
    judge(session, publication, context);
    return;
  }
  if (session.filterQueue.length < session.admitted.gateway.options.queuedItemsMax)
    session.filterQueue.push(publication);
  else context.count('gateway.items.dropped.queue');
}

/** What the origin of a filter says; false when nobody asked. */
export function hearFilter(session: Session, event: OriginEvent, context: Turn): boolean {
  const { filtering } = session;
  if (filtering === undefined || event.ref !== filtering.ref) return false;
  switch (event.type) {
    case 'originAnswered':
      answered(session, event, context);
      break;
    case 'originBody':
      took(session, event, context);
      break;
    case 'originFailed':
      goOn(session, { kind: 'error', message: `filter error: network request failed` }, context);
      break;
    default:
      return true;
  }
  while (session.filtering === undefined) {
    const next = session.filterQueue.shift();
    if (next === undefined) break;
    judge(session, next, context);
  }
  return true;
}

/** The client is gone: nobody waits for the filter. */
export function forgetFilter(session: Session, context: Turn): void {
  const { filtering } = session;
  session.filterQueue = [];
  session.filtering = undefined;
  if (filtering !== undefined) letGo(session, filtering.ref, context);
}

function judge(session: Session, publication: Publication, context: Turn): void {
  if (session.client !== 'open') return;
  const found = itemFor(session, publication);
  if (found === undefined) return;
  const { item, ws, channel } = found;
  const { filters } = channel;
  const verdict = runFilters(
    filters,
    ws.content,
    ws.contentFilters,
    factsOf(session, item, channel),
  );
  obey(session, publication, verdict, context);
}

interface Found {
  readonly item: GripItem;
  readonly ws: WsFormat;
  readonly channel: FollowedChannel;
}

/** Undefined for what says nothing to this client. */
function itemFor(session: Session, publication: Publication): Found | undefined {
  const data = dataOf(publication);
  const channel = session.channels.get(channelOfTopic(publication.topic));
  if (channel === undefined || isUpdate(data)) return undefined;
  const { ws } = data;
  return ws === undefined || ws.action === 'hint' ? undefined : { item: data, ws, channel };
}

function obey(
  session: Session,
  publication: Publication,
  verdict: FilterVerdict,
  context: Turn,
): void {
  switch (verdict.kind) {
    case 'send':
      act(session, publication, verdict.content, context);
      return;
    case 'drop':
      return;
    case 'ask':
      ask(session, publication, verdict, context);
      return;
    case 'error':
      // [WOH-FILTER-2]
      context.count('gateway.filters.failed');
      return;
    default:
      verdict satisfies never;
  }
}

function act(session: Session, publication: Publication, content: Uint8Array, context: Turn): void {
  const ws = itemFor(session, publication)?.ws;
  if (ws === undefined) return;
  if (ws.action === 'send') say(session, ws.kind, content, context, publication);
  else if (ws.action === 'close') {
    // [WOH-PUB-4] A reason counts only with a code.
    const reason = ws.code === undefined ? '' : ws.reason;
    closeBoth(session, { code: ws.code, reason }, context);
  } else session.origin?.refresh();
}

function factsOf(
  session: Session,
  item: GripItem,
  { shortName: channel }: FollowedChannel,
): FilterContext {
  const followed = [...session.channels.values()];
  return {
    subMeta: Object.fromEntries(session.meta),
    pubMeta: item.meta,
    isSubscribedTo: (name) => followed.some(({ shortName }) => shortName === name),
    // A WebSocket tells nobody what it has seen.
    lastIds: {},
    channel,
  };
}

function ask(
  session: Session,
  publication: Publication,
  { filter, url, rest, content }: Extract<FilterVerdict, { readonly kind: 'ask' }>,
  context: Turn,
): void {
  const item = dataOf(publication);
  const pubMeta = isUpdate(item) ? {} : item.meta;
  const way = wayTo(session, url, headersOf(session, pubMeta));
  if (way === undefined) {
    const message = 'filter error: invalid url';
    obey(session, publication, { kind: 'error', message }, context);
    return;
  }
  const isModify = filter === 'http-modify';
  const ref = nextRef(session);
  session.filtering = { ref, publication, isModify, rest, content, hasAnswered: false };
  const { origin, forwarded } = way;
  context.send(session.admitted.gateway.edges.gateway, {
    type: 'fetch',
    ref,
    owner: context.self,
    origin,
    method: 'POST',
    target: forwarded.target,
    headers: forwarded.headers,
    body: { kind: 'bytes', bytes: isModify ? content : NO_BYTES },
    signature: forwarded.signature,
    timeoutMs: FILTER_TIMEOUT_MS,
  });
}

function answered(
  session: Session,
  head: Extract<OriginEvent, { readonly type: 'originAnswered' }>,
  context: Turn,
): void {
  const { filtering, admitted } = session;
  if (filtering === undefined || filtering.hasAnswered) return;
  const { status, headers, ref } = head;
  const isGood = status === 200 || status === 204;
  const isDropped = firstHeader(headers, 'Action') === 'drop';
  if (isGood && !isDropped && filtering.isModify && status === 200) {
    filtering.hasAnswered = true;
    const { gateway } = admitted.gateway.edges;
    context.send(gateway, {
      type: 'collect',
      owner: context.self,
      ref,
      bytesMax: FILTER_BODY_BYTES_MAX,
    });
    return;
  }
  letGo(session, ref, context);
  if (!isGood) {
    const message = `filter error: unexpected network request status: code=${status}`;
    goOn(session, { kind: 'error', message }, context);
  } else if (isDropped) goOn(session, { kind: 'drop' }, context);
  else goOn(session, { kind: 'send', content: filtering.content }, context);
}

function took(
  session: Session,
  { ref, body, isWhole, isBroken }: Extract<OriginEvent, { readonly type: 'originBody' }>,
  context: Turn,
): void {
  if (isWhole && !isBroken) {
    goOn(session, { kind: 'send', content: body }, context);
    return;
  }
  if (!isBroken) letGo(session, ref, context);
  const message = 'filter error: network response cannot be used';
  goOn(session, { kind: 'error', message }, context);
}

/** The filters behind the one that asked have their turn, on what its answer left. */
function goOn(session: Session, verdict: FilterVerdict, context: Turn): void {
  const { filtering } = session;
  if (filtering === undefined) return;
  session.filtering = undefined;
  const { publication, rest } = filtering;
  const found = itemFor(session, publication);
  if (found === undefined || session.client !== 'open') return;
  const next =
    verdict.kind === 'send'
      ? runFilters(rest, verdict.content, undefined, factsOf(session, found.item, found.channel))
      : verdict;
  obey(session, publication, next, context);
}

function headersOf(session: Session, pubMeta: Readonly<Record<string, string>>): HeaderList {
  const lines = [
    headerLine('Sub-Meta', JSON.stringify(Object.fromEntries(session.meta))),
    headerLine('Pub-Meta', JSON.stringify(pubMeta)),
  ];
  return lines.filter((line) => line !== undefined);
}

interface Way {
  readonly origin: OriginAddress;
  readonly forwarded: Forwarded;
}

/** Along the client's own route where the address stays with its host, else to the host that it names. */
function wayTo(session: Session, uri: string, headers: HeaderList): Way | undefined {
  const { admitted, origin } = session;
  const target = origin?.target ?? admitted.route.targets[0];
  const link = linkFrom(undefined, uri, admitted);
  if (target === undefined || link === undefined) return undefined;
  const { path, search, elsewhere } = link;
  return {
    origin: elsewhere?.origin ?? originOf(admitted, target),
    forwarded: forwardOwn(admitted, target, { path, search, headers, elsewhere }),
  };
}

function letGo(session: Session, ref: number, context: Turn): void {
  const { gateway } = session.admitted.gateway.edges;
  context.send(gateway, { type: 'abandon', owner: context.self, ref });
}

const FILTER_TIMEOUT_MS = 10_000;
const FILTER_BODY_BYTES_MAX = 100_000;
const NO_BYTES = new Uint8Array(0);
