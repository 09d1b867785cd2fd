// Who may do what: nobody follows, publishes or is shown what his token does not grant, whoever has no token is let in
// nowhere, each of them is told so in the words of the spec, and whoever has the right is never refused for it.

import { type EventOf, isGranted, type Token, type TracedFault } from '../../trace.ts';
import { type Invariant, nameOf, type Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

export const rights: Invariant = {
  property: 'rights',
  requirements: [
    'BROKER-AUTH-2',
    'BROKER-AUTH-3',
    'BROKER-AUTH-4',
    'BROKER-AUTH-5',
    'BROKER-LIST-1',
    'BROKER-LIST-3',
    'BROKER-PUB-1',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ broker, faults, shards }) => {
        Object.assign(judge, { faults, shards });
        judge.isPublishingOff = broker.publish === 'none';
      },
      joined: ({ client, token }) => {
        judge.tokens[client] = token;
      },
      healed: ({ at }) => {
        judge.settledAt = at;
      },
      connected: (event) => judge.connected(event),
      turnedAway: (event) => judge.turnedAway(event),
      subscribed: (event) => judge.subscribed(event),
      told: (event) => judge.told(event),
      refused: (event) => judge.refused(event),
      publishSent: (event) => judge.sent(event),
      published: (event) => judge.published(event),
      message: (event) => judge.heard(event),
    };
  },
};

class Judge {
  /** By client. */
  readonly tokens: (Token | undefined)[] = [];
  isPublishingOff = false;
  faults: readonly TracedFault[] = [];
  shards = 1;
  /** Whoever comes later comes with a token that is judged soon. */
  settledAt = Number.POSITIVE_INFINITY;
  readonly #report: Report;
  /** Publications that must not be made. */
  readonly #forbidden = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  connected(event: EventOf<'connected'>): void {
    const { client } = event;
    if (this.tokens[client]?.flaw !== undefined)
      this.#report(event, `client ${client} has no good token and was let in`);
    else if (this.#isLate(event))
      this.#report(event, `client ${client} was let in, and nobody had judged its token`);
  }

  turnedAway(event: EventOf<'turnedAway'>): void {
    const { client, status, error, asked, headers } = event;
    if (error === NO_VERDICT && status === 503) {
      this.#unjudged(event);
      return;
    }
    if (isCrowd(event)) return;
    const due = this.#due(event);
    const what = `client ${client}, who asked for ${asked}, was turned away with ${status} '${error}'`;
    if (this.#isLate(event)) this.#report(event, `${what} and nobody had judged its token`);
    else if (due === undefined) this.#report(event, `${what} and had every right`);
    else if (due.status !== status || due.error !== error)
      this.#report(event, `${what} and not with ${due.status} '${due.error}'`);
    else if (status === 401 && headers['www-authenticate'] !== 'Bearer')
      this.#report(event, `${what}, and not told to come with a token`);
  }

  subscribed(event: EventOf<'subscribed'>): void {
    const { client, topic } = event;
    if (!this.#mayFollow(client, topic))
      this.#report(event, `client ${client} follows '${topic}' without the right to`);
  }

  told(event: EventOf<'told'>): void {
    const { client, topics } = event;
    for (const topic of topics)
      if (!this.#mayFollow(client, topic))
        this.#report(event, `client ${client} is told of '${topic}', which it may not follow`);
  }

  refused(event: EventOf<'refused'>): void {
    const { client, asked, topic, error } = event;
    const isForRights = error.startsWith('Not allowed');
    const isGiven =
      asked === 'publish' ? this.#mayPublish(client, topic) : this.#mayFollow(client, topic);
    const isAsked = asked === 'publish' || asked === 'subscribe' || asked === 'info';
    if (isForRights && isGiven)
      this.#report(event, `client ${client} has the right and was told '${error}'`);
    // Too many messages are too many before anybody looks into them.
    else if (isAsked && !isForRights && !isGiven && !error.startsWith('Too many messages'))
      this.#report(event, `client ${client} has no right to '${topic}' and was told '${error}'`);
  }

  sent({ client, topic, publication }: EventOf<'publishSent'>): void {
    if (!this.#mayPublish(client, topic)) this.#forbidden.add(publication);
  }

  published(event: EventOf<'published'>): void {
    if (this.#forbidden.has(event.publication))
      this.#report(event, `client ${event.client} published to '${event.topic}' without the right`);
  }

  heard(event: EventOf<'message'>): void {
    if (this.#forbidden.size === 0 || !this.#forbidden.has(event.publication)) return;
    this.#report(event, `${nameOf(event)} reached client ${event.client} and was not allowed`);
  }

  /** [BROKER-AUTH-5] */
  #unjudged(event: EventOf<'turnedAway'>): void {
    const { client, node, error, headers, askedAt, at } = event;
    const waitedUs = at - askedAt;
    const what = `client ${client} was told '${error}' after ${waitedUs} µs`;
    const way = { from: askedAt - BEFORE_US, to: at };
    const isTroubled = mayBeTroubled(this.faults, way, client, node, this.shards);
    if (waitedUs < VERDICT_US) this.#report(event, `${what}, which is too soon`);
    else if (headers['retry-after'] !== '5')
      this.#report(event, `${what}, and not told when to come back`);
    else if (isTroubled) return;
    else if (!this.#isLate(event)) this.#report(event, `${what}, and its token was judged soon`);
    else if (waitedUs > VERDICT_US + SLACK_US) this.#report(event, `${what}, which is late`);
  }

  /** Nobody has judged its token by the time that it is to be told so. */
  #isLate({ client, askedAt }: { readonly client: number; readonly askedAt: number }): boolean {
    const { flaw, judgedAfterMs = 0 } = this.tokens[client] ?? {};
    return flaw === undefined && judgedAfterMs * 1_000 > VERDICT_US && askedAt < this.settledAt;
  }

  #due({
    client,
    asked,
    topics,
  }: EventOf<'turnedAway'>): { readonly status: number; readonly error: string } | undefined {
    const flaw = this.tokens[client]?.flaw;
    if (flaw === 'missing') return { status: 401, error: 'A token is needed.' };
    if (flaw === 'broken') return { status: 401, error: 'The token is not valid.' };
    const isPublish = asked === 'publish';
    for (const topic of topics) {
      if (asked === 'list') break;
      const isGiven = isPublish ? this.#mayPublish(client, topic) : this.#mayFollow(client, topic);
      const error = `Not allowed to ${isPublish ? 'publish' : 'subscribe'} to ${topic}`;
      if (!isGiven) return { status: 403, error };
    }
    return undefined;
  }

  #mayFollow(client: number, topic: string): boolean {
    const token = this.tokens[client];
    return token === undefined || isGranted(token.subscribe, topic);
  }

  #mayPublish(client: number, topic: string): boolean {
    const token = this.tokens[client];
    return !this.isPublishingOff && (token === undefined || isGranted(token.publish, topic));
  }
}

const NO_VERDICT = 'The token was not judged in time.';
const VERDICT_US = 10_000_000;
/** For a timer, and the way. */
const SLACK_US = 2_000_000;
const BEFORE_US = 1_000_000;

/** Told by `admission`. */
function isCrowd({ status }: EventOf<'turnedAway'>): boolean {
  return status === 503 || status === 429;
}
