// One plain request to the broker's door: publish, list topics, look at one topic, preflight, or a hint.
// Lives until it is answered; a bug in one request is the end of that request alone.
// Refuses to know sockets and topics' lives. Obeys spec/broker.md, section "HTTP".

import {
  type BrokerLimits,
  type BrokerPublish,
  countsText,
  readBrokerPublish,
  readTopic,
  sentenceFor,
} from '../codecs/broker.ts';
import {
  type JsonItems,
  type JsonRefused,
  readJsonItems,
  readJsonObject,
} from '../codecs/json-slice.ts';
import type { PublishOutcome, RouterReply } from '../routing/router-messages.ts';
import type { ActorDefinition, Context } from '../runtime/actor.ts';
import type { ConnectionId, RequestReceived, TokenVerdict } from '../runtime/edges.ts';
import {
  type Answer,
  corsHeaders,
  type DoorContext,
  errorAnswer,
  jsonAnswer,
  tokenOf,
  noVerdict,
} from './admittance.ts';
import { publishAnswerText } from './answers.ts';
import { nameOf, topicOf } from './broker-topic.ts';
import { ALL_RIGHTS, mayUse, type Rights, visibleTopics } from './rights.ts';
import { askVerdict, refusalFor } from './session.ts';

export interface HttpRequestArgs {
  readonly door: DoorContext;
  readonly request: RequestReceived;
}

export type HttpRequestMessage = RouterReply | TokenVerdict;

interface HttpRequestState {
  readonly door: DoorContext;
  readonly request: RequestReceived;
  readonly connection: ConnectionId;
  readonly cors: Readonly<Record<string, string>>;
  /** Its token has been judged. */
  isJudged: boolean;
  rights: Rights;
  /** Whom its token was made for; undefined where none is asked for. */
  speaker: string | undefined;
  /** What was published, in order, with the outcomes known so far. */
  publishing:
    | { readonly items: readonly BrokerPublish[]; readonly isList: boolean; outcomes: Outcomes }
    | undefined;
}

type Outcomes = Map<number, PublishOutcome>;
type Turn = Context<HttpRequestMessage>;

export const httpRequest: ActorDefinition<HttpRequestArgs, HttpRequestState, HttpRequestMessage> = {
  kind: 'broker/http',
  mailboxMax: 4_096,
  onFailure: 'stop',
  start({ door, request }, context) {
    const cors = corsHeaders(door, request);
    const { connection } = request;
    const nobody = { isJudged: false, rights: ALL_RIGHTS, speaker: undefined };
    const state: HttpRequestState = {
      ...{ door, request, connection, cors, ...nobody },
      publishing: undefined,
    };
    const token = tokenOf(request);
    if (request.method === 'OPTIONS') answer(state, preflight(state), context);
    else if (!door.options.requireToken) obey(state, context);
    else if (token === undefined) answer(state, refusalFor(undefined), context);
    else askVerdict(door, token, context);
    return state;
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'tokenVerified':
        state.isJudged = true;
        state.rights = message;
        state.speaker = message.subject ?? '';
        context.cancel('verdict');
        obey(state, context);
        return;
      case 'timedOut':
        // [BROKER-AUTH-5] One that came due while the verdict waited is too late.
        if (!state.isJudged) answer(state, noVerdict(), context);
        return;
      case 'tokenRefused':
        answer(state, refusalFor(message), context);
        return;
      case 'publishAnswered':
        collect(state, message.slot, message.outcome, context);
        return;
      case 'topicsListed': {
        const topics = countsText(visibleTopics(message.topics, state.rights));
        answer(state, { ...jsonAnswer(200, {}), body: `{"topics":${topics}}\n` }, context);
        return;
      }
      case 'topicInformed': {
        const { subscribers, position, historyCount } = message.info;
        const { epoch = null, offset = null } = position ?? {};
        const info = {
          topic: nameOf(message.topic),
          subscribers,
          epoch,
          offset,
          history: historyCount,
        };
        answer(state, jsonAnswer(200, info), context);
        return;
      }
      default:
    }
  },
};

function obey(state: HttpRequestState, context: Turn): void {
  const { request, door } = state;
  const { method, path } = request;
  const asker = { replyTo: context.self, slot: 0, connection: undefined };
  const isRead = method === 'GET' || method === 'HEAD';
  if (path === '/publish') {
    if (method === 'POST') publish(state, context);
    else answer(state, notAllowed('POST'), context);
  } else if (path === '/topics') {
    if (isRead) context.send(door.router, { type: 'list', asker });
    else answer(state, notAllowed('GET, HEAD'), context);
  } else if (path.startsWith('/topics/')) {
    if (isRead) inform(state, path.slice('/topics/'.length), context);
    else answer(state, notAllowed('GET, HEAD'), context);
  } else if (path === '/sse') answer(state, notAllowed('GET'), context);
  else answer(state, hint(request), context);
}

/** [BROKER-HTTP-4] A door that speaks WebSocket says so to whoever came without; everything else is not here. */
function hint({ method, path }: RequestReceived): Answer {
  if (method === 'GET' && (path === '/' || path === '/ws')) {
    const error =
      'This door speaks WebSocket here. For plain HTTP see /sse?topic=…, /publish and /topics.';
    return errorAnswer(426, error, {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
    });
  }
  return errorAnswer(
    404,
    'Nothing is here. There are GET /sse?topic=…, POST /publish, GET /topics, GET /topics/{topic}, and WebSocket on any path.',
  );
}

function inform(state: HttpRequestState, encoded: string, context: Turn): void {
  const { door, rights } = state;
  const topic = readTopic(decoded(encoded), door.options);
  if (!topic.ok)
    answer(state, errorAnswer(400, 'The path must end in one percent-encoded topic.'), context);
  else if (!mayUse(rights.subscribe, topic.value)) {
    answer(state, errorAnswer(403, `Not allowed to subscribe to ${topic.value}`), context);
  } else {
    const asker = { replyTo: context.self, slot: 0, connection: undefined };
    context.send(door.router, { type: 'inform', topic: topicOf(topic.value), asker });
  }
}

/** [BROKER-HTTP-2] One publication or a list; either all are well-formed and allowed, or none is published. */
function publish(state: HttpRequestState, context: Turn): void {
  const { door, request, rights } = state;
  const { batchMax, jsonDepthMax } = door.options;
  const list = readJsonItems(request.body, { depthMax: jsonDepthMax }, batchMax);
  // None of too many is looked at.
  if (list.ok && list.count > batchMax) {
    const error = `Too many publications: at most ${batchMax} at once.`;
    answer(state, errorAnswer(413, error), context);
    return;
  }
  const read = readList(list, door.options);
  if (!read.ok) {
    answer(state, errorAnswer(400, read.message), context);
    return;
  }
  const { items, isList } = read;
  const forbidden = items.find(
    ({ topic }) => door.options.publish === 'none' || !mayUse(rights.publish, topic),
  );
  if (forbidden !== undefined) {
    answer(state, errorAnswer(403, `Not allowed to publish to ${forbidden.topic}`), context);
    return;
  }
  state.publishing = { items, isList, outcomes: new Map() };
  for (const [slot, { topic, id, data }] of items.entries()) {
    const asker = { replyTo: context.self, slot, connection: undefined };
    context.send(door.router, {
      type: 'publish',
      topic: topicOf(topic),
      id,
      data,
      speaker: state.speaker,
      asker,
      publisher: undefined,
    });
  }
  if (items.length === 0) answer(state, jsonAnswer(200, []), context);
}

type ReadBody =
  | { readonly ok: true; readonly items: readonly BrokerPublish[]; readonly isList: boolean }
  | { readonly ok: false; readonly message: string };

function readList(list: JsonItems | JsonRefused, limits: BrokerLimits): ReadBody {
  if (!list.ok) return { ok: false, message: sentenceFor(list, limits) };
  const items: BrokerPublish[] = [];
  for (const [index, source] of list.items.entries()) {
    const json = readJsonObject(source, { depthMax: limits.jsonDepthMax });
    const where = list.isList ? ` (item ${index})` : '';
    if (!json.ok) return { ok: false, message: `Each publication must be an object.${where}` };
    const item = readBrokerPublish(json, limits);
    if (!item.ok) return { ok: false, message: `${item.message}${where}` };
    items.push(item.value);
  }
  return { ok: true, items, isList: list.isList };
}

function collect(
  state: HttpRequestState,
  slot: number,
  outcome: PublishOutcome,
  context: Turn,
): void {
  const { publishing } = state;
  if (publishing === undefined) return;
  const { items, isList, outcomes } = publishing;
  outcomes.set(slot, outcome);
  if (outcomes.size < items.length) return;
  const results = items.map((item, index) => resultOf(item, outcomes.get(index)));
  const [first] = results;
  const isAll = [...outcomes.values()].every(({ kind }) => kind === 'published');
  const status = isAll ? 200 : 503;
  answer(state, jsonAnswer(status, isList || first === undefined ? results : first), context);
}

function resultOf({ topic, id }: BrokerPublish, outcome: PublishOutcome | undefined): object {
  if (outcome?.kind !== 'published')
    return { topic, id, error: publishAnswerText(topic, outcome?.kind ?? 'unknown') };
  const { position, subscribers, isDuplicate } = outcome;
  const { epoch, offset } = position;
  return {
    topic,
    id: id ?? `${epoch}:${offset}`,
    epoch,
    offset,
    subscribers,
    duplicate: isDuplicate || undefined,
  };
}

function preflight({ cors }: HttpRequestState): Answer {
  const allows = {
    'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
    'access-control-allow-headers': 'authorization, content-type, last-event-id',
    'access-control-max-age': '600',
  };
  const isGranted = cors['access-control-allow-origin'] !== undefined;
  return {
    status: 204,
    headers: { allow: 'GET, HEAD, POST, OPTIONS', ...(isGranted ? allows : {}) },
    body: '',
  };
}

function notAllowed(allow: string): Answer {
  return errorAnswer(405, `Only ${allow} is answered here.`, { allow });
}

function answer(state: HttpRequestState, { status, headers, body }: Answer, context: Turn): void {
  const { door, connection, cors } = state;
  context.send(door.edges.web, {
    type: 'respond',
    connection,
    status,
    headers: { ...headers, ...cors },
    body,
  });
  context.stop();
}

/** Percent-decoded text; undefined when it is not well-formed. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
