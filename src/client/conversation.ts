// One stay in a chat as a client lives it, over as many connections as it takes: it logs in or resumes, comes back to its
// rooms, says what it is asked to until that is acknowledged, acknowledges what it hears, and tells each message once.
// Refuses to know sockets, clocks and terminals. Obeys spec/process.md, section "Chat client", and spec/hp.md.

import type { ClientType } from '../actors/codecs/hp/envelope.ts';
import { requestLine, type ServerMessage } from '../actors/codecs/hp/client-lines.ts';
import type { JsonObject } from '../actors/codecs/hp/strict-json.ts';
import type { Payload } from '../actors/codecs/hp/writing.ts';
import { eventIn, happeningsIn, placeIn, wordOf, wordsFor } from './answers.ts';
import { Asking, finalCodes, passingCodes, type Request } from './asking.ts';
import { type Happening, numberIn, objectIn, retryMsIn, textIn, textsIn } from './happenings.ts';
import { bytesOf, limitsIn, usualLimits } from './limits.ts';
import { roomPlaceIn, Rooms } from './rooms.ts';
import type { Ending, Stay, Surroundings } from './stay.ts';

const HISTORY_MAX = 100;
const USERS_MAX = 100;
const ACKS_MAX = 100;
const ATTEMPTS_MAX = 30;

export class Conversation {
  readonly #stay: Stay;
  readonly #world: Surroundings;
  readonly #asking = new Asking();
  readonly #rooms: Rooms;
  readonly #watched = new Set<string>();
  readonly #statuses = new Map<string, string>();
  #status: Payload | undefined = undefined;
  #phase: 'away' | 'entering' | 'here' | 'leaving' | 'over' = 'away';
  /** These stand outside of the row of requests. */
  #entryId = '';
  #byeId = '';
  #pingId: string | undefined = undefined;
  #token: string | undefined = undefined;
  #acks: string[] = [];
  #limits = usualLimits;
  /** Of the node that was talked to last. */
  #life = '';
  #isPausing = false;
  #isQuitting = false;
  #hasBeenHere = false;
  #refusals = 0;

  constructor(stay: Stay, world: Surroundings) {
    this.#stay = stay;
    this.#world = world;
    this.#rooms = new Rooms(stay.rooms);
  }

  /** Requests of the person that the server will not obey, so far. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Nothing more will be asked for, and all that was is done. */
  get hasSaidAll(): boolean {
    return this.#isQuitting && this.unanswered === 0;
  }

  /** What the person asked for and is not done. */
  get unanswered(): number {
    return this.#asking.unanswered;
  }

  get isHere(): boolean {
    return this.#phase === 'here';
  }

  get hasBeenHere(): boolean {
    return this.#hasBeenHere;
  }

  /** Whether the server owes an answer. */
  get isAwaiting(): boolean {
    const isOwed = this.#phase === 'entering' || this.#phase === 'leaving';
    return isOwed || this.#pingId !== undefined || this.#asking.underWay !== undefined;
  }

  /** Silence after which the server is asked whether it is there. */
  get heartbeatMs(): number {
    return this.#limits.heartbeatMs;
  }

  get rooms(): readonly string[] {
    return this.#rooms.names;
  }

  ask(type: ClientType, payload: Payload): void {
    const body = textIn(payload, 'body');
    const request = this.#request(type, payload, false);
    if (body !== '') this.#rooms.remember(placeIn(payload), this.#stay.user, request.id);
    this.#asking.add(request);
    this.#pump();
  }

  /** Something that was meant for the server, and cannot be said. */
  refuse(what: string, text: string, code = 'NOT_SAID'): void {
    this.#refusals += 1;
    this.#world.tell({ kind: 'refused', what, code, text });
  }

  join(room: string): void {
    const limit = this.#rooms.knows(room) ? 0 : this.#stay.historyMax;
    this.ask('JOIN', { room, history: { limit } });
  }

  /** [PROC-CLIENT-2] Leaves when everything that was asked is answered. */
  quit(): void {
    this.#isQuitting = true;
    this.#pump();
  }

  /** Leaves without waiting for anything. */
  leaveNow(): void {
    if (this.#phase === 'here') this.#sayBye();
    else this.#end({ kind: 'done' });
  }

  ping(): void {
    this.#pingId = this.#say('PING', {});
  }

  /** A connection is open. [PROC-CLIENT-4] A session that may still be there is taken up again. */
  connected(): void {
    this.#phase = 'entering';
    if (this.#token === undefined) {
      this.#login();
      return;
    }
    const payload = { token: this.#token, rooms: this.#rooms.places };
    const isTooLong = JSON.stringify(payload).length > this.#limits.loginLineBytesMax - 256;
    this.#entryId = this.#say('RESUME', isTooLong ? { token: this.#token } : payload);
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#phase === 'leaving') this.#end({ kind: 'done' });
    if (this.#phase === 'over') return;
    this.#phase = 'away';
    this.#asking.again();
    this.#acks = [];
    this.#pingId = undefined;
    this.goOn();
  }

  heard({ type, id, timestamp, payload }: ServerMessage): void {
    if (this.#phase === 'over') return;
    const ref = textIn(payload, 'ref');
    if (type === 'NOTICE') this.#world.learn(textsIn(payload, 'servers'));
    switch (type) {
      case 'PING':
        this.#say('PONG', { ref: id });
        return;
      case 'PONG':
        if (ref === this.#pingId) this.#ponged();
        return;
      case 'LOGIN_OK':
      case 'RESUME_OK':
        if (ref === this.#entryId) this.#entered(type, payload);
        return;
      case 'ROOM_MESSAGE':
        this.#acks.push(id);
        this.#heardInRoom(id, timestamp, payload);
        return;
      case 'DIRECT_MESSAGE':
        // What is not acknowledged any more comes again with the next login.
        if (this.#phase === 'leaving') return;
        this.#acks.push(id);
        this.#heardDirect(id, timestamp, payload);
        return;
      case 'ROOM_EVENT':
      case 'PRESENCE_EVENT':
      case 'NOTICE':
        this.#tellEvent(eventIn(type, payload));
        return;
      case 'BYE':
        if (ref !== '' && ref === this.#byeId) this.#end({ kind: 'done' });
        else this.#world.callAgain(retryMsIn(payload), textIn(payload, 'message'));
        return;
      case 'ERROR':
        this.#failed(ref, payload);
        return;
      default:
        this.#answered(ref, type, payload, timestamp);
    }
  }

  /** [PROC-CLIENT-3] After what came at once: what was heard is acknowledged together. */
  acknowledge(): void {
    while (this.#acks.length > 0 && this.#phase === 'here')
      this.#say('ACK', { refs: this.#acks.splice(0, ACKS_MAX) });
  }

  /** The time that the server asked for is over. */
  goOn(): void {
    this.#isPausing = false;
    this.#pump();
  }

  /** Says the next thing, if there is one and it may be said. */
  #pump(): void {
    if (this.#isPausing) return;
    if (this.#phase === 'here') {
      for (let next = this.#asking.begin(); next !== undefined; next = this.#asking.begin())
        this.#ask(next);
      // Behind its answer nothing is left that was told before.
      if (this.#isLeaving && this.#pingId === undefined) this.ping();
    } else if (this.#phase === 'away' && this.#isQuitting && this.#hasBeenHere) {
      if (this.#asking.unanswered === 0) this.#end({ kind: 'done' });
    }
  }

  get #isLeaving(): boolean {
    return this.#isQuitting && this.#asking.isIdle;
  }

  #ponged(): void {
    this.#pingId = undefined;
    if (this.#isLeaving) this.#sayBye();
  }

  #ask(request: Request): void {
    const { id, type, payload } = request;
    const line = requestLine({ type, id, timestamp: this.#world.seconds() }, payload);
    const [body, whole] = [bytesOf(textIn(payload, 'body')), bytesOf(line)];
    // A line that is too long would be refused without its id, and nobody would know which.
    if (body > this.#limits.bodyBytesMax || whole > this.#limits.lineBytesMax) {
      this.#asking.answered(id);
      const text = `At most ${this.#limits.bodyBytesMax} bytes.`;
      this.refuse(wordsFor(request), text, 'BODY_TOO_LONG');
    } else this.#world.write(line);
  }

  #login(): void {
    const { user, credentials } = this.#stay;
    const auth = credentials.method === 'none' ? undefined : credentials;
    this.#token = undefined;
    this.#entryId = this.#say('LOGIN', { user, auth, caps: ['ack'], device: 'hermod chat' });
  }

  /** [PROC-CLIENT-4] What a new session does not know is asked for again, before anything else. */
  #entered(type: 'LOGIN_OK' | 'RESUME_OK', payload: JsonObject): void {
    this.#phase = 'here';
    this.#hasBeenHere = true;
    this.#token = textIn(objectIn(payload, 'resume'), 'token') || undefined;
    this.#limits = limitsIn(payload);
    const isResumed = type === 'RESUME_OK';
    const life = `${textIn(payload, 'node')} ${numberIn(payload, 'incarnation') ?? 0}`;
    if (life !== this.#life && !isResumed) this.#rooms.forgetPlaces();
    this.#life = life;
    const user = textIn(payload, 'user');
    if (isResumed) {
      this.#world.tell({ kind: 'resumed', user, replayed: numberIn(payload, 'replayed') ?? 0 });
      for (const room of textsIn(payload, 'gaps')) this.#world.tell({ kind: 'gap', room });
    } else this.#world.tell({ kind: 'entered', user, node: textIn(payload, 'node') });
    const kept = isResumed ? textsIn(payload, 'rooms') : [];
    const joins = this.rooms
      .filter((room) => !kept.includes(room))
      .map((room) => this.#joining(room));
    // What only a node knew that is gone is lost, [HP-RES-10].
    const isKept = isResumed && payload['anew'] !== true;
    const others = isKept ? [] : this.#settling();
    this.#asking.settle([...joins, ...others], (one) => !isKept || one.type === 'JOIN');
    this.#pump();
  }

  #joining(room: string): Request {
    const limit = this.#rooms.knows(room) ? HISTORY_MAX : this.#stay.historyMax;
    return this.#request('JOIN', { room, history: { limit } }, true);
  }

  #settling(): readonly Request[] {
    const users = [...this.#watched];
    const requests = this.#status === undefined ? [] : [['PRESENCE_SET', this.#status] as const];
    const watching = Array.from({ length: Math.ceil(users.length / USERS_MAX) }, (_, at) => {
      const some = users.slice(at * USERS_MAX, (at + 1) * USERS_MAX);
      return ['PRESENCE_SUBSCRIBE', { users: some }] as const;
    });
    return [...requests, ...watching].map(([type, payload]) => this.#request(type, payload, true));
  }

  #heardInRoom(id: string, timestamp: number, payload: JsonObject): void {
    const [room, from] = [textIn(payload, 'room'), textIn(payload, 'from')];
    if (!this.#rooms.heard(room, from, id, roomPlaceIn(payload))) return;
    this.#world.tell({ kind: 'message', room, from, body: textIn(payload, 'body'), timestamp });
  }

  #heardDirect(id: string, timestamp: number, payload: JsonObject): void {
    const [from, to] = [textIn(payload, 'from'), textIn(payload, 'to')];
    const body = textIn(payload, 'body');
    const isSent = payload['sent'] === true;
    if (!this.#rooms.remember(isSent ? `@${to}` : '', from, id)) return;
    if (isSent)
      this.#world.tell({ kind: 'sent', place: `@${to}`, status: 'elsewhere', body, timestamp });
    else this.#world.tell({ kind: 'direct', from, body, timestamp });
  }

  #answered(ref: string, type: string, payload: JsonObject, timestamp: number): void {
    const request = this.#asking.answered(ref);
    if (request === undefined) return;
    const room = textIn(request.payload, 'room');
    if (type === 'JOIN_OK') this.#joined(room, payload);
    else if (type === 'LEAVE_OK') this.#rooms.left(room);
    else if (type === 'ACK') this.#rooms.said(room, roomPlaceIn(payload));
    if (request.type === 'PRESENCE_SET') this.#status = request.payload;
    if (request.type === 'PRESENCE_SUBSCRIBE')
      for (const user of textsIn(request.payload, 'users')) this.#watched.add(user);
    if (!request.isSettling)
      for (const happening of happeningsIn(request, type, payload, timestamp))
        this.#tell(happening);
    this.#pump();
  }

  /** [PROC-CLIENT-3] What a lost connection told of users comes again. */
  #tellEvent(event: Happening): void {
    if (event.kind !== 'presence' || this.#statuses.get(event.user) !== wordOf(event))
      this.#tell(event);
  }

  #tell(happening: Happening): void {
    if (happening.kind === 'presence') this.#statuses.set(happening.user, wordOf(happening));
    this.#world.tell(happening);
  }

  #joined(room: string, payload: JsonObject): void {
    const isAlready = payload['already'] === true;
    const missed = this.#rooms.joined(room, roomPlaceIn(payload), isAlready);
    if (missed > HISTORY_MAX) this.#world.tell({ kind: 'gap', room });
    this.#world.tell({ kind: 'joined', room, count: numberIn(payload, 'count') ?? 0 });
  }

  #failed(ref: string, payload: JsonObject): void {
    const [code, text] = [textIn(payload, 'code'), textIn(payload, 'message')];
    if (finalCodes.includes(code)) this.#end({ kind: 'refused', code, text });
    else if (ref !== '' && ref === this.#entryId && this.#phase === 'entering')
      this.#entryFailed(code, text, payload);
    else if (ref !== '' && ref === this.#asking.underWay?.id)
      this.#requestFailed(this.#asking.underWay, code, text, payload);
    else if (payload['fatal'] === true)
      this.#world.callAgain(retryMsIn(payload), `${code}: ${text}`);
    else this.#world.tell({ kind: 'notice', code, text });
  }

  #entryFailed(code: string, text: string, payload: JsonObject): void {
    if (code === 'SESSION_EXPIRED') {
      this.#login();
      return;
    }
    // Elsewhere the session that was lost may still be held for the user.
    const isOwn = this.#hasBeenHere && ['USERNAME_TAKEN', 'SESSION_LIMIT'].includes(code);
    if (isOwn || passingCodes.includes(code))
      this.#world.callAgain(Math.max(retryMsIn(payload), 1_000), `${code}: ${text}`);
    else this.#end({ kind: 'refused', code, text });
  }

  #requestFailed(request: Request, code: string, text: string, payload: JsonObject): void {
    const isPassing = passingCodes.includes(code) && request.attempts < ATTEMPTS_MAX;
    if (isPassing || code === 'RATE_LIMITED') {
      // [PROC-CLIENT-2] With the same id: nobody hears it twice.
      this.#asking.again();
      if (payload['fatal'] === true) this.#world.callAgain(retryMsIn(payload), text);
      else if (!this.#isPausing) {
        this.#isPausing = true;
        this.#world.wait(Math.max(retryMsIn(payload), 100));
      }
      return;
    }
    this.#asking.answered(request.id);
    const room = textIn(request.payload, 'room');
    if (request.type === 'JOIN') this.#rooms.left(room);
    if (request.type === 'LEAVE' && request.attempts > 1 && code === 'NOT_IN_ROOM') {
      this.#rooms.left(room);
      this.#world.tell({ kind: 'left', room });
    } else this.refuse(wordsFor(request), text, code);
    this.#pump();
  }

  #sayBye(): void {
    this.acknowledge();
    this.#phase = 'leaving';
    this.#byeId = this.#say('BYE', {});
  }

  #end(ending: Ending): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#world.end(ending);
  }

  #request(type: ClientType, payload: Payload, isSettling: boolean): Request {
    return { id: this.#world.freshId(), type, payload, isSettling, attempts: 0 };
  }

  /** Says something outside of the row; its id is given. */
  #say(type: ClientType, payload: Payload): string {
    const id = this.#world.freshId();
    this.#world.write(requestLine({ type, id, timestamp: this.#world.seconds() }, payload));
    return id;
  }
}
