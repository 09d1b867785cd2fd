// The routes file: lines of a condition and its targets, to typed routes, and which route a request takes.
// Refuses to know files, sockets, and what routes are for. grip.md, sections 6.1 to 6.3, quirk Q14.
// A line that cannot be read is a warning and costs only itself: a gateway must start with yesterday's files.

import { type HeaderList, headerLine } from './header-list.ts';

export interface Target {
  readonly kind: 'http' | 'test';
  /** Empty and 0 for `test`. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly isInsecure: boolean;
  readonly trustConnectHost: boolean;
  readonly hostHeader: string | undefined;
  readonly isUntrusted: boolean;
  readonly overHttp: boolean;
  readonly oneEvent: boolean;
  readonly subscriptions: readonly string[];
  /** Paths as written. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
}

export interface JsonpSettings {
  readonly mode: 'basic' | 'extended';
  readonly callbackParam: string | undefined;
  readonly bodyParam: string | undefined;
  readonly defaultCallback: string | undefined;
  readonly defaultMethod: string;
}

export interface Route {
  /** `*`, or a host in lower case, or empty: then only its id leads to it. */
  readonly host: string;
  readonly proto: 'http' | 'ws' | undefined;
  readonly isSecure: boolean | undefined;
  /** Percent-encoded; empty for any path. */
  readonly pathPrefix: string;
  readonly id: string | undefined;
  readonly sigIss: string | undefined;
  /** As written, with `base64:` or `file:`. */
  readonly sigKey: string | undefined;
  readonly prefix: string;
  readonly origHeaders: boolean;
  readonly asHost: string | undefined;
  /** Characters to take from the front of the path. */
  readonly pathRemove: number;
  /** What then goes in front. */
  readonly replacePrefix: string | undefined;
  readonly isDebug: boolean;
  readonly isCrossOrigin: boolean;
  readonly jsonp: JsonpSettings;
  readonly session: boolean;
  readonly sockjsPath: string | undefined;
  readonly sockjsAsPath: string | undefined;
  /** Towards the origin; an empty value takes the header away. */
  readonly headers: HeaderList;
  readonly noGrip: boolean;
  readonly logLevel: number | undefined;
  /** At least one, in the order in which they are tried. */
  readonly targets: readonly Target[];
}

/** [GRIP-JSONP-1] Of a route that says nothing of it. */
export const jsonpDefaults: JsonpSettings = {
  mode: 'extended',
  callbackParam: undefined,
  bodyParam: undefined,
  defaultCallback: undefined,
  defaultMethod: 'GET',
};

export interface RoutesWarning {
  /** From 1 up. */
  readonly line: number;
  readonly sentence: string;
}

export interface RoutesReading {
  readonly routes: readonly Route[];
  readonly warnings: readonly RoutesWarning[];
}

export interface RouteRequest {
  /** Without a port; any case. */
  readonly host: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly isSecure: boolean;
  readonly isWebSocket: boolean;
}

/** Reads a whole file, or one route per line from elsewhere. */
export function parseRoutes(text: string): RoutesReading {
  const routes: Route[] = [];
  const warnings: RoutesWarning[] = [];
  const seen = new Set<string>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const warn = (sentence: string) => {
      warnings.push({ line: at + 1, sentence });
    };
    const parsed = parseLine(line);
    if (typeof parsed === 'string') warn(parsed);
    if (parsed === undefined || typeof parsed === 'string') continue;
    const { route, targets, left } = parsed;
    const condition = conditionOf(route);
    if (route.host !== '' && seen.has(condition)) {
      warn('skipping duplicate condition');
      continue;
    }
    for (const target of left) {
      warn(`target '${target}' is ZHTTP, which is not supported: leaving the target out`);
    }
    if (targets.length === 0) {
      warn('skipping a route without a target');
      continue;
    }
    routes.push({ ...route, targets });
    seen.add(condition);
  }
  return { routes, warnings };
}

/** Routes by what leads to them. */
export class RouteTable {
  readonly #byHost = new Map<string, Route[]>();
  /** Undefined for an id that two routes have: it leads nowhere. */
  readonly #byId = new Map<string, Route | undefined>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const others = this.#byHost.get(route.host);
      if (others === undefined) this.#byHost.set(route.host, [route]);
      else others.push(route);
      if (route.id === undefined) continue;
      this.#byId.set(route.id, this.#byId.has(route.id) ? undefined : route);
    }
  }

  /** The route that a request takes. A host with routes of its own never falls back to `*`. */
  match(request: RouteRequest): Route | undefined {
    const host = request.host.toLowerCase();
    const own = host === '' ? undefined : this.#byHost.get(host);
    let best: Route | undefined;
    for (const route of own ?? this.#byHost.get('*') ?? []) {
      if (matches(route, request) && (best === undefined || outranks(route, best))) best = route;
    }
    return best;
  }

  /** The route of that id; whether the path is its own, the caller sees. */
  byId(id: string): Route | undefined {
    return this.#byId.get(id);
  }
}

function matches(route: Route, request: RouteRequest): boolean {
  if (route.proto !== undefined && (route.proto === 'ws') !== request.isWebSocket) return false;
  if (route.isSecure !== undefined && route.isSecure !== request.isSecure) return false;
  return request.path.startsWith(route.pathPrefix);
}

/** Of two routes that match: the later takes over where it says more. `ssl` counts even where its path is shorter. */
function outranks(later: Route, earlier: Route): boolean {
  if ((later.proto === undefined) !== (earlier.proto === undefined)) {
    return later.proto !== undefined;
  }
  if (later.pathPrefix.length > earlier.pathPrefix.length) return true;
  return earlier.isSecure === undefined && later.isSecure !== undefined;
}

function conditionOf({ host, proto, isSecure, pathPrefix }: Condition): string {
  return JSON.stringify([host, proto ?? '', isSecure ?? '', pathPrefix]);
}

type Condition = Omit<Route, 'targets'>;

interface ParsedLine {
  readonly route: Condition;
  readonly targets: readonly Target[];
  /** Targets of a kind that is known, but not spoken here. */
  readonly left: readonly string[];
}

/** Undefined for a line that says nothing, a sentence for one that cannot be read. */
function parseLine(line: string): ParsedLine | string | undefined {
  const sections = splitSections(line);
  if (typeof sections === 'string') return sections;
  const [condition, ...others] = sections;
  if (condition === undefined) return undefined;
  if (others.length === 0) return 'must specify condition and at least one target';
  const route = readCondition(condition);
  if (typeof route === 'string') return route;
  const targets: Target[] = [];
  const left: string[] = [];
  for (const section of others) {
    const target = readTarget(section);
    if (typeof target === 'string') return target;
    if (target === undefined) left.push(section.value);
    else targets.push(target);
  }
  return { route, targets, left };
}

interface Section {
  readonly value: string;
  readonly props: readonly (readonly [name: string, value: string])[];
}

/** A sentence for a line that cannot be read. The separator is the space and nothing else. */
function splitSections(line: string): readonly Section[] | string {
  const sections: Section[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === ' ') at += 1;
    if (at >= line.length || line[at] === '#') return sections;
    const parts: Part[] = [];
    do {
      const part = readPart(line, at);
      if (typeof part === 'string') return part;
      parts.push(part);
      at = part.end + 1;
    } while (line[at - 1] === ',');
    at -= 1;
    const section = sectionOf(parts);
    if (typeof section === 'string') return section;
    sections.push(section);
  }
}

interface Part {
  readonly text: string;
  /** Where the comma, space or `#` behind it stands, or the end of the line. */
  readonly end: number;
}

function readPart(line: string, from: number): Part | string {
  let text = '';
  let at = from;
  for (; at < line.length && !', #'.includes(line[at] as string); at += 1) {
    if (line[at] !== '"') {
      text += line[at];
      continue;
    }
    for (at += 1; line[at] !== '"'; at += 1) {
      if (at >= line.length) return 'unterminated quoted section';
      if (line[at] !== '\\') {
        text += line[at];
        continue;
      }
      at += 1;
      const escaped = line[at];
      if (escaped === undefined) return 'unterminated escape sequence';
      if (escaped !== '"' && escaped !== '\\') return `unexpected escape character: ${escaped}`;
      text += escaped;
    }
  }
  return { text, end: at };
}

/** A first part with `=` in it is a property, and the value is empty. */
function sectionOf(parts: readonly Part[]): Section | string {
  const [first, ...rest] = parts.map((part) => part.text);
  const isProp = first?.includes('=') ?? false;
  const props: (readonly [string, string])[] = [];
  for (const text of isProp ? [first ?? '', ...rest] : rest) {
    if (text === '') return 'expecting prop';
    const equals = text.indexOf('=');
    if (equals === 0) return 'empty prop name';
    props.push(equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]);
  }
  return { value: isProp ? '' : (first ?? ''), props };
}

function readCondition(section: Section): Condition | string {
  const prop = (name: string) => lastProp(section, name);
  const proto = prop('proto');
  if (proto !== undefined && proto !== 'http' && proto !== 'ws') {
    return "proto must be set to 'http' or 'ws'";
  }
  const ssl = prop('ssl');
  if (ssl !== undefined && ssl !== 'yes' && ssl !== 'no') return "ssl must be set to 'yes' or 'no'";
  const pathPrefix = prop('path_beg');
  if (pathPrefix === '') return 'path_beg cannot be empty';
  const mode = prop('jsonp_mode') ?? 'extended';
  if (mode !== 'basic' && mode !== 'extended') {
    return "jsonp_mode must be set to 'basic' or 'extended'";
  }
  const headers = readHeaders(section);
  if (headers === undefined) return "header must use format 'name:value'";
  const id = prop('id');
  if (section.value === '' && (id ?? '') === '') return 'condition has no domain or id';
  const replacePrefix = prop('replace_beg');
  const logLevel = prop('log_level');
  return {
    host: section.value.toLowerCase(),
    proto,
    isSecure: ssl === undefined ? undefined : ssl === 'yes',
    pathPrefix: pathPrefix ?? '',
    id: id === '' ? undefined : id,
    sigIss: prop('sig_iss'),
    sigKey: prop('sig_key'),
    prefix: prop('prefix') ?? '',
    origHeaders: prop('orig_headers') !== undefined,
    asHost: prop('as_host'),
    pathRemove: replacePrefix === undefined ? integer(prop('path_rem')) : (pathPrefix ?? '').length,
    replacePrefix,
    isDebug: prop('debug') !== undefined,
    isCrossOrigin: prop('aco') !== undefined,
    jsonp: {
      mode,
      callbackParam: prop('jsonp_cb'),
      bodyParam: prop('jsonp_body'),
      defaultCallback: prop('jsonp_defcb'),
      defaultMethod: prop('jsonp_defmethod') ?? (mode === 'basic' ? 'POST' : 'GET'),
    },
    session: prop('session') !== undefined,
    sockjsPath: prop('sockjs'),
    sockjsAsPath: prop('sockjs_as_path'),
    headers,
    noGrip: prop('no_grip') !== undefined,
    logLevel: logLevel === undefined ? undefined : integer(logLevel),
  };
}

/** Pushpin goes through repeated properties from the last to the first, so the first of equal names wins. */
function readHeaders(section: Section): HeaderList | undefined {
  const headers: (readonly [string, string])[] = [];
  for (const text of allProps(section, 'header').toReversed()) {
    const colon = text.indexOf(':');
    if (colon < 1) return undefined;
    const line = headerLine(text.slice(0, colon), text.slice(colon + 1).replace(/^ +/, ''));
    if (line === undefined) return undefined;
    headers.push(line);
  }
  return headers;
}

/** Undefined for a target of a kind that is known, but not spoken. */
function readTarget(section: Section): Target | string | undefined {
  const { value } = section;
  if (value.startsWith('zhttp/') || value.startsWith('zhttpreq/')) return undefined;
  const address = value === 'test' ? { host: '', port: 0 } : readAddress(value);
  if (typeof address === 'string') return address;
  const prop = (name: string) => lastProp(section, name);
  return {
    kind: value === 'test' ? 'test' : 'http',
    ...address,
    isSecure: prop('ssl') !== undefined,
    isInsecure: prop('insecure') !== undefined,
    trustConnectHost: prop('trust_connect_host') !== undefined,
    hostHeader: prop('host'),
    isUntrusted: prop('untrusted') !== undefined,
    overHttp: prop('over_http') !== undefined,
    oneEvent: prop('one_event') !== undefined,
    subscriptions: allProps(section, 'sub')
      .filter((channel) => channel !== '')
      .toReversed(),
    clientCert: prop('client_cert'),
    clientKey: prop('client_key'),
  };
}

/** `host:port`, with brackets around an IPv6 address, which it loses here. */
function readAddress(value: string): { host: string; port: number } | string {
  const [, bracketed, bare, digits] = /^(?:\[(.*?)\]|([^[:][^:]*|)):(.*)$/s.exec(value) ?? [];
  const host = bracketed ?? bare;
  if (host === undefined || host === '') return 'target bad format';
  const port = /^\d+$/.test(digits ?? '') ? Number(digits) : 0;
  return port >= 1 && port <= 65_535 ? { host, port } : 'target invalid port';
}

function lastProp(section: Section, name: string): string | undefined {
  return section.props.findLast(([other]) => other === name)?.[1];
}

function allProps(section: Section, name: string): string[] {
  return section.props.filter(([other]) => other === name).map(([, value]) => value);
}

/** What is no number counts as none, as in Pushpin. */
function integer(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
