// Filters of a subscription: whether a publication is for this client, and what its content becomes for it.
// Those that ask an origin are only named: the session asks, and goes on with what is left. Refuses to know sessions,
// timers and how an error ends a hold. GRIP protocol, section "Filters".

import {
  type Directive,
  renderPart,
  renderTemplate,
  type Rendering,
  unknownDirective,
} from './templates.ts';

/** Channel names are those that the origin wrote, without the prefix of the route. */
export interface FilterContext {
  /** What the client's origin said of it: `Grip-Set-Meta`, or `set-meta` on a WebSocket. */
  readonly subMeta: Readonly<Record<string, string>>;
  /** `meta` of the published item. */
  readonly pubMeta: Readonly<Record<string, string>>;
  readonly isSubscribedTo: (channel: string) => boolean;
  /** By channel, of this session; channels without a known id are left out. */
  readonly lastIds: Readonly<Record<string, string>>;
  readonly channel: string;
}

/** `error` carries the text for debug answers, whole. */
export type FilterVerdict =
  | { readonly kind: 'send'; readonly content: Uint8Array }
  | { readonly kind: 'drop' }
  | {
      readonly kind: 'ask';
      readonly filter: 'http-check' | 'http-modify';
      /** As the origin wrote it: absolute, or relative to the session's current address. */
      readonly url: string;
      /** Filters still to run, on what the answer leaves. */
      readonly rest: readonly string[];
      readonly content: Uint8Array;
    }
  | { readonly kind: 'error'; readonly message: string };

export type FilteredPart =
  | {
      readonly kind: 'send';
      readonly content: Uint8Array;
      /** Belongs in front of the next part. */
      readonly held: Uint8Array;
    }
  | { readonly kind: 'error'; readonly message: string };

export const filtersPerChannelMax = 5;

type Known =
  | 'skip-self'
  | 'skip-users'
  | 'require-sub'
  | 'build-id'
  | 'var-subst'
  | 'http-check'
  | 'http-modify';

/** Whether a filter changes the content of messages: what `content-filters` of a publication speak of. */
const changesContent: Readonly<Record<Known, boolean>> = {
  'skip-self': false,
  'skip-users': false,
  'require-sub': false,
  'build-id': true,
  'var-subst': true,
  'http-check': false,
  'http-modify': true,
};
const noBytes = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * [GRIP-FILTER-6] True when any filter of the list is known, so that somebody must run it; unknown ones are passed
 * over.
 */
export function needsOwner(filters: readonly string[]): boolean {
  return filters.some(isKnown);
}

/**
 * Runs the filters of one channel, in their order, on one message. After an `ask` call it again with its `rest`, the
 * content that the answer left, and no content filters: those were judged.
 */
export function runFilters(
  filters: readonly string[],
  content: Uint8Array,
  contentFilters: readonly string[] | undefined,
  context: FilterContext,
): FilterVerdict {
  const known = filters.filter(isKnown);
  if (contentFilters !== undefined) {
    const wanted = known.filter((name) => changesContent[name]);
    if (!isSame(wanted, contentFilters)) {
      const message = `content filter mismatch: subscription=${wanted.join(',')} message=${contentFilters.join(',')}`;
      return { kind: 'error', message };
    }
  }
  // First what needs nobody else: nothing is rendered, and no origin asked, for a client that gets nothing.
  if (known.some((name) => isDropped(name, context))) return { kind: 'drop' };
  let now = content;
  for (const [at, name] of known.entries()) {
    if (name === 'http-check' || name === 'http-modify') {
      const url = own(context.subMeta, 'url') ?? '';
      if (url === '') return failed('missing url value');
      return { kind: 'ask', filter: name, url, rest: known.slice(at + 1), content: now };
    }
    const rendering = rendered(name, now, context);
    if (!rendering.ok) return failed(`${name}: ${rendering.problem}`);
    now = rendering.bytes;
  }
  return { kind: 'send', content: now };
}

/**
 * What a response's own body becomes: only `build-id` speaks of responses, and no ids are known yet, so `%I` needs its
 * own. `filters` are those of all channels. A body in parts is filtered part by part, `held` in front of the next.
 */
export function filterResponseContent(
  filters: readonly string[],
  content: Uint8Array,
  context: Pick<FilterContext, 'subMeta'>,
  isLast = true,
): FilteredPart {
  if (!filters.includes('build-id')) return { kind: 'send', content, held: noBytes };
  const encoding = idEncoding(context.subMeta);
  if (!encoding.ok) return failed(`build-id: ${encoding.problem}`);
  const directive = idDirective(undefined, encoding.isHex);
  const rendering = isLast ? renderIds(content, directive) : renderPart(content, directive);
  if (!rendering.ok) return failed(`build-id: ${rendering.problem}`);
  return { kind: 'send', content: rendering.bytes, held: rendering.rest };
}

function isKnown(name: string): name is Known {
  return Object.hasOwn(changesContent, name);
}

function isDropped(name: Known, { subMeta, pubMeta, isSubscribedTo }: FilterContext): boolean {
  const user = own(subMeta, 'user') ?? '';
  switch (name) {
    case 'skip-self':
      return user !== '' && own(pubMeta, 'sender') === user;
    case 'skip-users': {
      const users = (own(pubMeta, 'skip_users') ?? '').split(',');
      return user !== '' && users.some((skipped) => skipped.trim() === user);
    }
    case 'require-sub': {
      const required = own(pubMeta, 'require_sub') ?? '';
      return required !== '' && !isSubscribedTo(required);
    }
    case 'build-id':
    case 'var-subst':
    case 'http-check':
    case 'http-modify':
      return false;
    default:
      return name satisfies never;
  }
}

function rendered(
  name: Exclude<Known, 'http-check' | 'http-modify'>,
  content: Uint8Array,
  context: FilterContext,
): Rendering {
  switch (name) {
    case 'var-subst':
      return renderTemplate(content, valueOf(context.subMeta));
    case 'build-id':
      return withIds(content, context);
    case 'skip-self':
    case 'skip-users':
    case 'require-sub':
      return { ok: true, bytes: content, rest: noBytes };
    default:
      return name satisfies never;
  }
}

/** [GRIP-FILTER-5] A format of ids that cannot be rendered is an error even where the content names no id. */
function withIds(content: Uint8Array, { subMeta, lastIds }: FilterContext): Rendering {
  const encoding = idEncoding(subMeta);
  if (!encoding.ok) return encoding;
  const id = renderTemplate(encoder.encode(encoding.format), valueOf(lastIds));
  if (!id.ok) return { ok: false, problem: `failed to render ID: ${id.problem}` };
  return renderIds(content, idDirective(id.bytes, encoding.isHex));
}

/** A directive that the end cuts off is told with its position in what Pushpin holds back, not in the whole. */
function renderIds(content: Uint8Array, directive: Directive): Rendering {
  const part = renderPart(content, directive);
  return !part.ok || part.rest.length === 0 ? part : renderTemplate(part.rest, directive);
}

type IdEncoding =
  | { readonly ok: true; readonly format: string; readonly isHex: boolean }
  | { readonly ok: false; readonly problem: string };

function idEncoding(subMeta: Readonly<Record<string, string>>): IdEncoding {
  const format = own(subMeta, 'id_format');
  if (format === undefined) return { ok: false, problem: "no sub meta 'id_format'" };
  const encoding = own(subMeta, 'id_encoding');
  if (encoding !== undefined && encoding !== 'hex')
    return { ok: false, problem: `unsupported encoding: ${encoding}` };
  return { ok: true, format, isHex: encoding === 'hex' };
}

function idDirective(defaultId: Uint8Array | undefined, isHex: boolean): Directive {
  return (letter, argument) => {
    if (letter !== 'I') return { problem: unknownDirective(letter) };
    const id = argument ?? defaultId;
    if (id === undefined) return { problem: 'No ID specified and no default ID in context' };
    return { bytes: isHex ? hexOf(id) : id };
  };
}

function valueOf(values: Readonly<Record<string, string>>): Directive {
  return (letter, argument) => {
    if (letter !== 's') return { problem: unknownDirective(letter) };
    if (argument === undefined) return { problem: "Directive 's' requires argument" };
    const name = decoder.decode(argument);
    const value = own(values, name);
    if (value === undefined) return { problem: `No such variable '${name}'` };
    return { bytes: encoder.encode(value) };
  };
}

function hexOf(bytes: Uint8Array): Uint8Array {
  return encoder.encode(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** Names come from the network: `constructor` is a name like any other. */
function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, at) => name === others[at]);
}

function failed(problem: string): { readonly kind: 'error'; readonly message: string } {
  return { kind: 'error', message: `filter error: ${problem}` };
}
