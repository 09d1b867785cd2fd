// What becomes of an item for one held client: is it the one that follows, do the client's filters let it pass, and
// what do they make of it. Items wait while an origin is being asked, and are looked at one after the other.
// Refuses to know how an item ends a poll or goes into a stream. Obeys spec/grip.md, sections "Filters", "Recovery".

import { type HeaderList, headerValue } from '../../codecs/grip/header-list.ts';
import type { Instruct } from '../../codecs/grip/instruct.ts';
import type { GripItem } from '../../codecs/grip/publish-item.ts';
import type { Publication } from '../../routing/publication.ts';
import { channelOfTopic, isUpdate } from '../channel-messages.ts';
import { dataOf } from '../formats.ts';
import { keeperOf } from '../gateway-context.ts';
import { type FilterContext, runFilters } from '../rewriting/filters.ts';
import { askOwn, lastIdHeaders, lastIdsOf } from './asking.ts';
import type { Filtering, HeldChannel, RequestState, Turn } from './request-state.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import { resolveLink } from './links.ts';

/** What an item asks of the hold, when it is its turn. */
export type ItemWish =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'send';
      readonly item: GripItem;
      readonly content: Uint8Array;
      readonly publication: Publication;
    }
  | { readonly kind: 'hint' }
  | { readonly kind: 'close' }
  /** The client missed something: it is to be brought up to date. */
  | { readonly kind: 'recover' }
  /** Everybody is to look again. */
  | { readonly kind: 'update' }
  /** A filter asks an origin; the item waits for its answer. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'error'; readonly message: string };

/** The next item of the queue, and what it wants; undefined when there is none. */
export function nextWish(state: RequestState, context: Turn): ItemWish | undefined {
  const publication = state.queue.shift();
  return publication === undefined ? undefined : wishOf(state, publication, context);
}

/** [GRIP-STREAM-9] [GRIP-HOLD-6] Puts an item at the end of the queue; one too many is dropped, and counted. */
export function enqueue(state: RequestState, publication: Publication, context: Turn): void {
  if (isUpdate(dataOf(publication)) && isAskingAnew(state)) return;
  const most = state.admitted.gateway.options.queuedItemsMax; // buggify short-item-queue: 1
  if (state.queue.length >= most) context.count('gateway.items.dropped.queue');
  else state.queue.push(publication);
}

/** Whoever else waits for the origin to be asked, has that when it is asked now. */
export function withoutUpdates(queue: RequestState['queue']): RequestState['queue'] {
  return queue.filter((publication) => !isUpdate(dataOf(publication)));
}

/** [GRIP-HOLD-5] [GRIP-NEXT-5] The origin is being asked: whoever else wants it asked, has that. */
function isAskingAnew({ question }: RequestState): boolean {
  return question?.purpose === 'request' || question?.purpose === 'next';
}

/** Of what waited, only that counts which follows what the origin has told now. */
export function dropOld(state: RequestState, instruct: Instruct): void {
  const withIds = instruct.channels.filter(({ prevId }) => prevId !== undefined);
  if (withIds.length === 0) return;
  state.queue = state.queue.filter((publication) => {
    const { channel, prevId } = publication.data as { channel?: string; prevId?: string };
    const held = withIds.find(({ name }) => state.admitted.route.prefix + name === channel);
    if (held === undefined) return true;
    return follows(prevId, held.prevId) || isAfterFirst(state, publication, held.prevId);
  });
}

/** [GRIP-SEQ-7] To follow nothing is to follow the empty id. */
function follows(prevId: string | undefined, place: string | undefined): boolean {
  return (prevId ?? '') === place;
}

/** Some earlier item of the same channel begins where the origin ended: this one follows it. */
function isAfterFirst(
  state: RequestState,
  publication: RequestState['queue'][number],
  prevId: string | undefined,
): boolean {
  for (const earlier of state.queue) {
    if (earlier === publication) return false;
    if (
      earlier.topic === publication.topic &&
      follows((earlier.data as { prevId?: string }).prevId, prevId)
    )
      return true;
  }
  return false;
}

/** Goes on with an item whose filter's question was answered. */
export function afterFilter(
  state: RequestState,
  filtering: Filtering,
  answered: { readonly status: number; readonly isDropped: boolean; readonly body: Uint8Array },
  context: Turn,
): ItemWish {
  const { status, isDropped, body } = answered;
  if (status !== 200 && status !== 204)
    return {
      kind: 'error',
      message: `filter error: unexpected network request status: code=${status}`,
    };
  if (isDropped) return { kind: 'nothing' };
  const content = filtering.isModify && status === 200 ? body : filtering.content;
  return filtered(state, { ...filtering, content }, undefined, context);
}

function wishOf(state: RequestState, publication: Publication, context: Turn): ItemWish {
  const { hold } = state;
  const data = dataOf(publication);
  if (isUpdate(data)) return { kind: 'update' };
  const channel = hold?.channels.get(channelOfTopic(publication.topic));
  if (hold === undefined || channel === undefined) return { kind: 'nothing' };
  const format = hold.mode === 'response' ? data.response : data.stream;
  if (format === undefined) {
    // It says nothing to this client, but the next one follows it.
    if (follows(data.prevId, channel.lastId)) channel.lastId = data.id;
    return { kind: 'nothing' };
  }
  hold.activityAt = context.now;
  if (channel.lastId !== undefined) {
    // [GRIP-SEQ-1] [GRIP-SEQ-2]
    if (!follows(data.prevId, channel.lastId)) {
      const { gateway } = state.admitted;
      context.count('gateway.holds.conflicts');
      context.send(keeperOf(gateway, channel.name), { type: 'forgetId', channel: channel.name });
      return { kind: 'recover' };
    }
    channel.lastId = data.id;
  }
  // [GRIP-SEQ-6] Its id is the place now.
  if (format.action === 'hint') return { kind: 'hint' };
  if (format.action === 'close')
    return hold.mode === 'stream' ? { kind: 'close' } : { kind: 'nothing' };
  if (format.action !== 'send') return { kind: 'nothing' };
  const content = ('content' in format ? format.content : format.body) ?? noBytes;
  const filtering = { publication, channel, rest: channel.filters, content, isModify: false };
  return filtered(state, filtering, format.contentFilters, context);
}

function filtered(
  state: RequestState,
  filtering: Filtering,
  contentFilters: readonly string[] | undefined,
  context: Turn,
): ItemWish {
  const { publication, channel, rest, content } = filtering;
  const item = dataOf(publication) as GripItem;
  const verdict = runFilters(rest, content, contentFilters, contextOf(state, channel, item));
  switch (verdict.kind) {
    case 'send':
      return { kind: 'send', item, content: verdict.content, publication };
    case 'drop':
      return { kind: 'nothing' };
    case 'error':
      return verdict;
    // [GRIP-FILTER-8]
    case 'ask': {
      const link = resolveLink(state, verdict.url);
      if (link === undefined) return { kind: 'error', message: 'invalid url value' };
      const isModify = verdict.filter === 'http-modify';
      state.filtering = { ...filtering, rest: verdict.rest, content: verdict.content, isModify };
      const headers: HeaderList = [
        ['Sub-Meta', headerValue(JSON.stringify(state.hold?.instruct.meta ?? {}))],
        ['Pub-Meta', headerValue(JSON.stringify(item.meta))],
        ...lastIdHeaders(state),
      ];
      const body = isModify ? verdict.content : noBytes;
      askOwn(state, 'filter', { ...link, headers }, body, context);
      return { kind: 'waits' };
    }
    default:
      return verdict satisfies never;
  }
}

function contextOf(state: RequestState, channel: HeldChannel, item: GripItem): FilterContext {
  const channels = [...(state.hold?.channels.values() ?? [])];
  const lastIds = Object.fromEntries(lastIdsOf(state));
  return {
    subMeta: state.hold?.instruct.meta ?? {},
    pubMeta: item.meta,
    isSubscribedTo: (name) => channels.some(({ shortName }) => shortName === name),
    lastIds,
    channel: channel.shortName,
  };
}

const noBytes = encodeText('');
