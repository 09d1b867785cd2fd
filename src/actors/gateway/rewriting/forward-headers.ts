// What of a client's headers an origin sees, and what of an origin's headers a client sees.
// Pure lists; refuses to know sockets, keys and clocks: the signature is made elsewhere. GRIP protocol, section
// "Request headers"; the order of the steps is Pushpin's. Other than there, a body's Content-Encoding stays with it.

import {
  allHeaders,
  firstHeader,
  headerLine,
  type HeaderList,
  HeaderNames,
  isNamedLike,
  splitElements,
  withHeader,
  withoutHeaders,
} from '../../codecs/grip/header-list.ts';
import type { Route } from '../../codecs/grip/routes-file.ts';
import type { ForwardedForRule, GatewayOptions } from '../gateway-options.ts';

/** [GRIP-SIG-4] What Hermod does with the instructions of an origin: the value of `Grip-Feature`. */
export const gripFeatures =
  'status, session, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, ' +
  'filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';

const featureName = 'Grip-Feature';
const featureLine = [featureName, gripFeatures] as const;

/** What the gateway's settings say of it. */
export type ForwardSettings = Pick<
  GatewayOptions,
  | 'acceptForwardedProtocol'
  | 'setForwardedProtocol'
  | 'forwardedFor'
  | 'forwardedForTrusted'
  | 'origHeadersNeedMark'
  | 'acceptPushpinRoute'
  | 'cdnLoop'
>;

/** What the route says of it. */
export type ForwardRoute = Pick<Route, 'headers' | 'origHeaders' | 'noGrip'>;

/** What is known of this one request. */
export interface ForwardFacts {
  /** A GRIP proxy whose signature is good. */
  readonly isTrusted: boolean;
  /** A request of the gateway's own, whose `Grip-` headers are meant. */
  readonly isInternal?: boolean;
  readonly scheme: 'http' | 'https' | 'ws' | 'wss';
  readonly peerAddress: string;
  /** Host and port for the origin, where the route or the target changes them. */
  readonly host?: string | undefined;
  /** For `Grip-Last`: channel and id. */
  readonly lastIds?: readonly (readonly [channel: string, id: string])[];
}

const mark = 'eb9bf0f5-';
/**
 * What concerns one connection only, and what Pushpin settles on its own. The names that `Connection` lists are kept:
 * a client could else take away what a proxy in front of us has added.
 */
const ofRequestHop = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'transfer-encoding',
  'content-length',
  'accept-encoding',
  'expect',
]);
/** `Upgrade` stays: it is what a 426 is about. */
const ofResponseHop = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
]);
const ofRoute = new HeaderNames(['Pushpin-Route']);
const ofProtocol = new HeaderNames(['X-Forwarded-Proto', 'X-Forwarded-Protocol']);

/**
 * [GRIP-HEAD-1] [GRIP-HEAD-2] The headers for the origin, without what frames a body and without `Grip-Sig`: whoever
 * sends them adds both.
 */
export function forwardHeaders(
  clientHeaders: HeaderList,
  route: ForwardRoute,
  settings: ForwardSettings,
  facts: ForwardFacts,
): HeaderList {
  let headers = withRouteHeaders(clientHeaders, route);
  headers = withMarked(headers, route, settings, facts);
  headers = headers.filter(({ 0: name }) => !ofRequestHop.has(name));
  if (settings.acceptPushpinRoute) headers = withoutHeaders(headers, ofRoute);
  if (settings.cdnLoop !== '') {
    const passed = [...elementsOf(headers, 'CDN-Loop'), settings.cdnLoop];
    headers = withHeader(headers, 'CDN-Loop', passed.join(', '));
  }
  headers = withGrip(headers, route, facts);
  headers = withProtocol(headers, settings, facts);
  // [GRIP-NEXT-2] Nobody's address stands behind what the gateway asks for itself.
  if (facts.isInternal !== true) headers = withForwardedFor(headers, settings, facts);
  return withHost(headers, facts.host);
}

/**
 * [GRIP-HEAD-5] [GRIP-HEAD-6] The headers of an origin's answer for the client; the framing of the body is written
 * anew.
 */
export function responseHeaders(headers: HeaderList): HeaderList {
  return withoutHeaders(headers, ofResponseHop);
}

/**
 * [GRIP-REWRITE-5] Each takes the place of what is there, so that the last counts; those who read routes put first
 * what is written last.
 */
function withRouteHeaders(headers: HeaderList, route: ForwardRoute): HeaderList {
  let now = headers;
  for (const [name, value] of route.headers)
    now = value === '' ? withoutHeaders(now, [name]) : withHeader(now, name, value);
  return now;
}

/** [GRIP-REWRITE-6] A second, marked copy of each header lets a gateway further on restore what the client sent. */
function withMarked(
  headers: HeaderList,
  route: ForwardRoute,
  settings: ForwardSettings,
  facts: ForwardFacts,
): HeaderList {
  const plain = headers.some(([name]) => isMarked(name))
    ? headers.filter(([name]) => !isMarked(name))
    : headers;
  if (!route.origHeaders) return plain;
  if (facts.isTrusted) return headers;
  const needMark = settings.origHeadersNeedMark.map((name) => name.toLowerCase());
  const marked = headers.flatMap(([name, value]): HeaderList => {
    if (isMarked(name)) return [[name, value]];
    return needMark.includes(name.toLowerCase()) ? [] : [[`${mark}${name}`, value]];
  });
  return [...plain, ...marked];
}

function isMarked(name: string): boolean {
  return isNamedLike(name, mark);
}

function withGrip(headers: HeaderList, route: ForwardRoute, facts: ForwardFacts): HeaderList {
  if (facts.isTrusted) return headers;
  // What a client says of GRIP would be taken for the gateway's word.
  const now =
    facts.isInternal !== true && headers.some(([name]) => isNamedLike(name, 'grip-'))
      ? headers.filter(([name]) => !isNamedLike(name, 'grip-'))
      : headers;
  if (route.noGrip) return now;
  const told: HeaderList =
    facts.isInternal === true ? withHeader(now, featureName, gripFeatures) : [...now, featureLine];
  const { lastIds = [] } = facts;
  if (lastIds.length === 0) return told;
  const last = lastIds.map(([channel, id]) => headerLine('Grip-Last', `${channel}; last-id=${id}`));
  return [...told, ...last.filter((line) => line !== undefined)];
}

function withProtocol(
  headers: HeaderList,
  settings: ForwardSettings,
  facts: ForwardFacts,
): HeaderList {
  const { acceptForwardedProtocol, setForwardedProtocol } = settings;
  if (!acceptForwardedProtocol && setForwardedProtocol === 'none') return headers;
  const plain = withoutHeaders(headers, ofProtocol);
  const isSecure = facts.scheme === 'https' || facts.scheme === 'wss';
  if (!isSecure || setForwardedProtocol === 'none') return plain;
  const proto: HeaderList = [['X-Forwarded-Proto', facts.scheme]];
  return setForwardedProtocol === 'both'
    ? [...plain, ...proto, ['X-Forwarded-Protocol', facts.scheme]]
    : [...plain, ...proto];
}

function withForwardedFor(
  headers: HeaderList,
  settings: ForwardSettings,
  facts: ForwardFacts,
): HeaderList {
  const rules = facts.isTrusted ? settings.forwardedForTrusted : settings.forwardedFor;
  const name = 'X-Forwarded-For';
  if (rules.length === 0 && firstHeader(headers, name) === undefined) return headers;
  const values = forwardedFor(elementsOf(headers, name), rules, facts.peerAddress);
  return values.length === 0
    ? withoutHeaders(headers, [name])
    : withHeader(headers, name, values.join(', '));
}

/** [GRIP-FWD-1] Whatever their order: first what came is cut, by the last rule that cuts, then the peer is appended. */
function forwardedFor(
  came: readonly string[],
  rules: readonly ForwardedForRule[],
  peerAddress: string,
): readonly string[] {
  let kept = came;
  for (const rule of rules) {
    if (rule.kind === 'truncate') kept = came.slice(Math.max(came.length - rule.keep, 0));
  }
  // A client at a socket in the file system has no address.
  const isTold = peerAddress !== '' && rules.some(({ kind }) => kind === 'append');
  return isTold ? [...kept, peerAddress] : kept;
}

function withHost(headers: HeaderList, host: string | undefined): HeaderList {
  if (host === undefined || firstHeader(headers, 'Host') === host) return headers;
  return withHeader(headers, 'Host', host);
}

function elementsOf(headers: HeaderList, name: string): readonly string[] {
  return allHeaders(headers, name).flatMap(splitElements);
}
