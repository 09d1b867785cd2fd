// A direct message comes to its receiver, once over each connection, and to every session that he had and still has; and what
// its sender is told of it is true: what is delivered somebody has, what is accepted or queued comes when its receiver is there.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const directs: Invariant = {
  property: 'directs',
  requirements: [
    'HP-DM-2',
    'HP-DM-3',
    'HP-DM-4',
    'HP-DM-6',
    'HP-DM-8',
    'HP-ACK-2',
    'HP-RELAY-8',
    'HP-HIST-1',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      began: (event) => {
        judge.troubles.watcher.began?.(event);
        judge.areQueued = event.sites.includes('tiny-window');
      },
      talkerJoined: ({ client, user, isMute, hasAck }) => {
        judge.users.set(client, user);
        const talkers = judge.talkers.get(user) ?? [];
        judge.talkers.set(user, [...talkers, { client, isMute, hasAck }]);
      },
      talkerAsked: (event) => judge.asked(event),
      directAcked: (event) => judge.acked(event),
      loggedIn: ({ session, connection, isResumed, isAnew, at }) => {
        if (!isResumed) judge.cameAt.set(session, at);
        if (!isResumed) judge.begun.set(session, judge.loginAt.get(connection) ?? 0);
        judge.comesIn(session, isAnew);
      },
      directHeard: (event) => judge.heard(event),
      directLost: ({ user, message }) => judge.lost.add(`${user} ${message}`),
      talkerConnected: (event) => judge.connected(event),
      talkerEnded: ({ client, at }) => judge.ended(client, at),
      shardCrashed: ({ node, at }) => judge.crashed(node, at),
      processDied: ({ node, at }) => judge.crashed(node, at),
      peerSeen: ({ peer, state, at }) => {
        if (state === 'down' || state === 'left')
          judge.crashed(judge.troubles.nodes.indexOf(peer), at);
      },
      rested: () => {
        judge.isRest = true;
      },
      directsTold: (event) => judge.read(event),
      talkerRests: (event) => {
        if (event.session !== undefined) judge.resting.set(event.client, event);
      },
      chatProbed: (event) => judge.rest(event),
    };
  },
};

/** A thread has died, or a node is taken for dead. */
interface Stroke {
  readonly node: number;
  readonly at: number;
}

/** Over one connection, as its client saw it. */
interface Stay {
  readonly node: number;
  readonly from: number;
  to: number | undefined;
}

interface Talker {
  readonly client: number;
  readonly isMute: boolean;
  readonly hasAck: boolean;
}

class Judge {
  readonly talkers = new Map<string, Talker[]>();
  /** By client. */
  readonly users = new Map<number, string>();
  readonly troubles = new Troubles();
  readonly resting = new Map<number, EventOf<'talkerRests'>>();
  /** By session: when it began. */
  readonly cameAt = new Map<string, number>();
  /** Little is on its way to a client at a time: the rest waits at its node, and is lost there. */
  areQueued = false;
  /** By receiver and message: it was written to a connection that had ended. */
  readonly lost = new Set<string>();
  /** By connection: when a session was asked for. */
  readonly loginAt = new Map<number, number>();
  /** The same by session. */
  readonly begun = new Map<string, number>();
  /** By message: when its sender was told that it waits for a login. */
  readonly #queuedAt = new Map<string, number>();
  /** By sender and message: when he was told that somebody has it. */
  readonly #deliveredAt = new Map<string, number>();
  isRest = false;
  /** By user: when he has asked to come in last, and before that. */
  readonly #logins = new Map<string, readonly [last: number, before: number]>();
  /** By client. */
  readonly #stays = new Map<number, Stay[]>();
  readonly #report: Report;
  readonly #askedAt = new Map<string, number>();
  readonly #askedOn = new Map<string, number>();
  /** By message: the nodes on which it was said. */
  readonly #askedIn = new Map<string, Set<number>>();
  readonly #acked = new Map<string, EventOf<'directAcked'>>();
  /** By connection, sender and message: when. */
  readonly #told = new Map<string, number>();
  /** By session, and by sender and message: where and when it was heard last. */
  readonly #toldInSession = new Map<
    string,
    Map<string, { readonly connection: number; readonly at: number }>
  >();
  /** Sessions that began anew: the node that does not know of it may be reached again, and goes on. */
  readonly #divided = new Set<string>();
  readonly #heard = new Set<string>();
  /** By client and message. */
  readonly #heardBy = new Set<string>();
  readonly #strokes: Stroke[] = [];
  #crashedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  connected({ client, node, at }: EventOf<'talkerConnected'>): void {
    const stay = { node, from: at, to: undefined };
    this.#stays.set(client, [...(this.#stays.get(client) ?? []), stay]);
  }

  ended(client: number, at: number): void {
    const last = this.#stays.get(client)?.at(-1);
    if (last !== undefined) last.to = at;
  }

  crashed(node: number, at: number): void {
    this.#strokes.push({ node, at });
    this.#crashedAt = at;
  }

  asked({ what, message, connection, client, node, at }: EventOf<'talkerAsked'>): void {
    if (what === 'LOGIN') {
      const user = this.users.get(client) ?? '';
      this.#logins.set(user, [at, this.#logins.get(user)?.[0] ?? Number.NEGATIVE_INFINITY]);
      this.loginAt.set(connection, at);
    }
    if (what !== 'DIRECT_MESSAGE' || message === undefined) return;
    this.#askedIn.set(message, (this.#askedIn.get(message) ?? new Set()).add(node));
    if (this.#askedAt.has(message)) return;
    this.#askedAt.set(message, at);
    this.#askedOn.set(message, connection);
  }

  /** The first word counts, but for one that is better. */
  acked(event: EventOf<'directAcked'>): void {
    const before = this.#acked.get(event.message);
    if (event.status === 'queued') this.#queuedAt.set(event.message, event.at);
    if (event.status === 'delivered')
      this.#deliveredAt.set(`${event.user} ${event.message}`, event.at);
    if (before === undefined || event.status === 'delivered') this.#acked.set(event.message, event);
  }

  heard(event: EventOf<'directHeard'>): void {
    const { client, user, from, to, message, isSent, connection } = event;
    const own = isSent ? from : to;
    // [HP-DM-8] Whoever has said it does not hear it; its next session may.
    if (this.#askedOn.get(message) === connection && (isSent || !event.isDelayed))
      this.#report(event, `client ${client} hears its own ${message}`);
    if (own !== user)
      this.#report(event, `client ${client} is ${user}, and hears what ${from} says to ${to}`);
    const key = `${connection} ${from} ${message}`;
    const toldAt = this.#told.get(key);
    this.#told.set(key, event.at);
    // Whoever had remembered that it was said may have died since.
    if (toldAt !== undefined && this.#crashedAt < toldAt - NOTICE_US)
      this.#report(event, `client ${client} hears ${message} twice`);
    this.#judgeSession(event);
    // [HP-DM-4] It waited for this login, wherever it did.
    const queuedAt = this.#queuedAt.get(message) ?? Infinity;
    const isWaiting = queuedAt < (this.begun.get(event.session) ?? 0);
    if (!isSent && !event.isDelayed && isWaiting && !this.#hadComeToo(event))
      this.#report(event, `client ${client} hears ${message} as new, which waited for it`);
    if (!isSent && event.isDelayed) this.#judgeLate(event);
    if (isSent) return;
    this.#heard.add(message);
    this.#heardBy.add(`${client} ${message}`);
  }

  /** [HP-DM-6] What somebody has taken waits for nobody, where one node knows of all of them. */
  #judgeLate(event: EventOf<'directHeard'>): void {
    const { client, from, message, session } = event;
    this.#judgeAge(event);
    const deliveredAt = this.#deliveredAt.get(`${from} ${message}`) ?? Infinity;
    if (deliveredAt >= (this.begun.get(session) ?? 0) || this.troubles.isCluster) return;
    if (this.#crashedAt < (this.#askedAt.get(message) ?? 0) - NOTICE_US)
      this.#report(event, `client ${client} hears ${message} late, which was delivered before`);
  }

  /** [HP-DM-4] It waited for this login alone, and for longer than anything does. */
  #judgeAge(event: EventOf<'directHeard'>): void {
    const { client, user, message, session } = event;
    const { offlineAgeMaxMs = Infinity, isCluster } = this.troubles.terms ?? {};
    const [last, before] = this.#logins.get(user) ?? [Infinity, Infinity];
    const waitedUs = last - (this.#queuedAt.get(message) ?? Infinity);
    if (last !== this.begun.get(session) || before > (this.#askedAt.get(message) ?? 0)) return;
    if (isCluster === false && waitedUs > offlineAgeMaxMs * 1_000)
      this.#report(
        event,
        `client ${client} hears ${message}, which had waited for ${waitedUs / 1e6} s`,
      );
  }

  /** On its way to a node that was taken for dead meanwhile, and was not; or [HP-DM-3] said on another one, too. */
  #hadComeToo({ message, node, at }: EventOf<'directHeard'>): boolean {
    const since = this.#askedAt.get(message) ?? 0;
    const [from = node, ...others] = this.#askedIn.get(message) ?? [];
    const isHeldUp =
      this.troubles.ofNode(node, since, at) || this.troubles.ofPair(from, node, since, at);
    return isHeldUp || others.length > 0;
  }

  /** [HP-RES-3] What a client has heard is not told again when it comes back; one that says what it has taken may ask for it. */
  #judgeSession(event: EventOf<'directHeard'>): void {
    const { client, user, session, from, message, connection, at } = event;
    const hasAck = this.talkers.get(user)?.some((one) => one.client === client && one.hasAck);
    const key = `${from} ${message}`;
    const told = this.#toldInSession.get(session) ?? new Map();
    this.#toldInSession.set(session, told);
    const before = told.get(key);
    told.set(key, { connection, at });
    if (before === undefined || before.connection === connection || hasAck !== false) return;
    if (this.#crashedAt < before.at - NOTICE_US)
      this.#report(event, `client ${client} hears ${message} again after it came back`);
  }

  /** [HP-RES-10] What it had heard, the node that is gone alone knew. */
  comesIn(session: string, isAnew: boolean): void {
    if (isAnew) this.#divided.add(session);
    if (this.#divided.has(session)) this.#toldInSession.delete(session);
  }

  /** [HP-HIST-1] Where nothing was lost, all that two users said to each other is there. */
  read(event: EventOf<'directsTold'>): void {
    const { user, client, messages, with: other } = event;
    const { isCluster = true, historyMax = 0 } = this.troubles.terms ?? {};
    if (!this.isRest || isCluster || historyMax === 0 || this.#crashedAt > Number.NEGATIVE_INFINITY)
      return;
    const here = new Set(messages);
    for (const { user: from, to, message, isDuplicate } of this.#acked.values()) {
      const isTheirs = (from === user && to === other) || (from === other && to === user);
      if (isTheirs && !isDuplicate && !here.has(`${from} ${message}`))
        this.#report(event, `client ${client} does not find ${message} of ${from} with ${other}`);
    }
  }

  rest(event: TraceEvent): void {
    const there = new Set([...this.resting.values()].map(({ user }) => user));
    for (const acked of this.#acked.values()) {
      const { to, message, status, user, client } = acked;
      if (to === user || !there.has(to)) continue;
      for (const one of this.resting.values())
        if (one.user === to && this.#isMissed(acked, one))
          this.#report(
            event,
            `client ${one.client} of ${to} never heard ${message}, of which client ${client} was told that it is ${status}`,
          );
      if (this.#heard.has(message)) continue;
      if (!this.#isExcused(acked))
        this.#report(
          event,
          `nobody ever heard ${message} to ${to}, of which client ${client} was told that it is ${status}`,
        );
    }
  }

  /** [HP-DM-2] In a session that was there when it was said, and is there still. */
  #isMissed(
    { message, to, status, at }: EventOf<'directAcked'>,
    { client, session = '' }: EventOf<'talkerRests'>,
  ): boolean {
    const since = this.#askedAt.get(message) ?? 0;
    const { isCluster, terms } = this.troubles;
    const { resumeMessagesMax = 0, resumeBytesMax = 0 } = terms ?? {};
    // [HP-RES-6] What it has not acknowledged may have been left to the next one.
    const hasAck = this.talkers.get(to)?.some((one) => one.client === client && one.hasAck);
    if (hasAck !== false && (resumeMessagesMax < MANY || resumeBytesMax < MANY_BYTES)) return false;
    if (status === 'queued' || this.#heardBy.has(`${client} ${message}`)) return false;
    if ((this.cameAt.get(session) ?? Infinity) > since - KNOWN_US) return false;
    if (this.#divided.has(session) || this.#crashedAt > since - NOTICE_US) return false;
    if (isCluster && this.troubles.ofCluster(since - TROUBLE_US, at + NOTICE_US)) return false;
    return (
      !this.lost.has(`${to} ${message}`) && !(this.areQueued && this.#mayHaveWaited(to, since))
    );
  }

  /** Memory dies with its thread; what was written to a connection that broke was taken for taken. */
  #isExcused(acked: EventOf<'directAcked'>): boolean {
    const { message, to, status } = acked;
    const since = this.#askedAt.get(message) ?? 0;
    const struck = this.#strokes.filter(({ at }) => at >= since - NOTICE_US);
    const there = this.#nodesOf(to, since);
    const passed = new Set([...there, ...(this.#askedIn.get(message) ?? [])]);
    const isStruck = struck.some(({ node }) => passed.has(node));
    if (isStruck && !this.#isHeld(acked, struck, there)) return true;
    const { offlineMessagesMax = 0, resumeMessagesMax = 0, isShort } = this.troubles.terms ?? {};
    const areFew = isShort === true || Math.min(offlineMessagesMax, resumeMessagesMax) < MANY;
    if (status !== 'delivered' && areFew) return true;
    return this.lost.has(`${to} ${message}`) || (this.areQueued && this.#mayHaveWaited(to, since));
  }

  /** [HP-ACK-3] In the queue of a connection that has ended since. */
  #mayHaveWaited(user: string, since: number): boolean {
    return (this.talkers.get(user) ?? []).some(
      ({ client, hasAck }) =>
        !hasAck &&
        (this.#stays.get(client) ?? []).some(({ to = Infinity }) => to >= since - NOTICE_US),
    );
  }

  /** [HP-STORE-6] It waits on more than half of the nodes, of which fewer have died, and none that its receiver has come to. */
  #isHeld(
    { message, status, at }: EventOf<'directAcked'>,
    struck: readonly Stroke[],
    there: ReadonlySet<number>,
  ): boolean {
    const { isCluster, nodes, terms } = this.troubles;
    const since = this.#askedAt.get(message) ?? 0;
    if (!isCluster || status !== 'queued' || at - since > HELD_US) return false;
    if (this.troubles.areApart(since - APART_US, Infinity)) return false;
    const died = new Set(struck.map(({ node }) => node));
    const isCounted = nodes.length === 2 || (terms?.nodesExpected ?? 0) >= nodes.length;
    if (died.size * 2 >= nodes.length + (isCounted ? 1 : 0)) return false;
    return ![...died].some((node) => there.has(node));
  }

  /** Where the user may have had a session since, or had one that its node has not given up yet. */
  #nodesOf(user: string, since: number): ReadonlySet<number> {
    const stays = (this.talkers.get(user) ?? []).flatMap(
      ({ client }) => this.#stays.get(client) ?? [],
    );
    const isSince = ({ to = Infinity }: Stay): boolean => to >= since - LASTING_US;
    return new Set(stays.filter(isSince).map(({ node }) => node));
  }
}

/** Until a node notices that a client is gone, or others that a node is. */
const NOTICE_US = 10_000_000;
/** Until all nodes know of a session. */
const KNOWN_US = 2_000_000;
/** Longer than what was held up is on its way. */
const TROUBLE_US = 20_000_000;
/** Less than a node waits for others to say that they hold a message. */
const HELD_US = 1_500_000;
/** Longer than a session lasts that nobody comes back to. */
const LASTING_US = 15_000_000;
/** Longer than two nodes may know nothing of each other. */
const APART_US = 60_000_000;
/** More than ever wait for anybody. */
const MANY = 100;
const MANY_BYTES = 1_000_000;
