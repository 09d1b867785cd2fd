// Who may do what: nobody follows, publishes or is shown what his token does not grant, whoever has no token is let in
// nowhere, each of them is told so in the words of the spec, and whoever has the right is never refused for it.

import { type EventOf, isGranted, type Token } from '../../trace.ts';
import { type Invariant, nameOf, type Report } from '../invariant.ts';

export const rights: Invariant = {
  property: 'rights',
  requirements: [
    'BROKER-AUTH-2',
    'BROKER-AUTH-3',
    'BROKER-AUTH-4',
    'BROKER-LIST-1',
    'BROKER-LIST-3',
    'BROKER-PUB-1',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ broker }) => {
        judge.isPublishingOff = broker.publish === 'none';
      },
      joined: ({ client, token }) => {
        judge.tokens[client] = token;
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
  }

  turnedAway(event: EventOf<'turnedAway'>): void {
    const { client, status, error, asked, headers } = event;
    if (isCrowd(event)) return;
    const due = this.#due(event);
    const what = `client ${client}, who asked for ${asked}, was turned away with ${status} '${error}'`;
    if (due === undefined) this.#report(event, `${what} and had every right`);
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

/** Told by `admission`. */
function isCrowd({ status }: EventOf<'turnedAway'>): boolean {
  return status === 503 || status === 429;
}
