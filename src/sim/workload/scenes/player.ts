// Whoever plays scenes: asks, lets the acts of the scene happen in their time, hears what there is to hear, and goes on
// to the next one. It records each sound, read with a reader of its own.
// Refuses to judge, and to know what origins say.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { HeaderList } from '../../../actors/runtime/gateway-edges.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { GatewayWord } from '../../edges/gateway/gateway-words.ts';
import { type Link, newLink } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord, type Unit } from '../../edges/network.ts';
import { ObjectPayload } from '../../edges/object-payload.ts';
import { betweenMs } from '../../plan/scenes/draw-scenes.ts';
import {
  channelName,
  type Deed,
  type MessageName,
  type PlayerPlan,
  SCENE_PREFIX,
  type Scene,
} from '../../records/scenes/scene.ts';
import { bodyWords, headerWords, headWords } from '../../records/scenes/sounds.ts';
import { hostOf, isPolling, type Place, searchOf, wordOf } from '../../records/scenes/texts.ts';
import type { Trace } from '../../trace.ts';
import { writtenItem } from './scene-items.ts';
import { SockPage, soundsOf } from './sock-page.ts';

export interface PlayerWorld {
  readonly now: number;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** All threads of a node live. */
  isWell(node: number): boolean;
  connect(plan: PlayerPlan, link: Link): Connection | undefined;
  publish(node: number, body: Uint8Array, way: 'http' | 'pull'): void;
  recover(node: number): void;
}

export class Player implements Endpoint {
  readonly plan: PlayerPlan;
  readonly #world: PlayerWorld;
  readonly #link: Link;
  #connection: Connection | undefined = undefined;
  /** In the place of a connection. */
  #page: SockPage | undefined = undefined;
  #isOn = false;
  #number = -1;
  #head: string | undefined = undefined;
  /** Of an answer: its body so far; of a stream: the line that has not come to its end. */
  #text = '';
  #decoder = new TextDecoder();
  #isClosing = false;
  /** By number of the scene. */
  readonly #connections: number[] = [];
  /** Scenes that were told of something new. */
  readonly #hinted = new Set<number>();
  /** Heads that it has said, by their words: the same one again is the same list. */
  readonly #heads = new Map<string, HeaderList>();

  constructor(plan: PlayerPlan, world: PlayerWorld, seed: number) {
    this.plan = plan;
    this.#world = world;
    this.#link = newLink(plan.link, new Prng(seed, `player link ${plan.client}`));
  }

  /** Faults are over. */
  begin(): void {
    this.#world.later(FIRST_MS * 1_000, () => this.#next());
  }

  /** Its origin was asked, in the scene that is on or before. */
  asked(number: number, purpose: 'request' | 'next' | 'events', words: string): void {
    const { node, client } = this.plan;
    const connection = this.#connections[number] ?? -1;
    this.#world.trace.add({ kind: 'sceneAsked', purpose, words, node, client, connection });
  }

  /** Something new was hinted at: its origin has no reason to hold it any more. */
  isAskedAgain(number: number): boolean {
    return this.#hinted.has(number);
  }

  taken(): void {}

  readable(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    for (let unit = connection.down.read(); unit !== undefined; unit = connection.down.read()) {
      this.#hear(unit);
      if (this.#connection !== connection) return;
    }
    connection.down.drained();
  }

  get #scene(): Scene | undefined {
    return this.plan.scenes[this.#number];
  }

  #next(): void {
    this.#number += 1;
    const { plan } = this;
    const scene = this.#scene;
    if (scene === undefined || !this.#world.isWell(plan.node)) return;
    this.#head = undefined;
    this.#text = '';
    this.#decoder = new TextDecoder();
    this.#isClosing = false;
    const number = this.#number;
    const page = isPolling(scene) ? this.#pageOf(scene) : undefined;
    const connection = page === undefined ? this.#world.connect(plan, this.#link) : undefined;
    const id = page?.begin() ?? connection?.id;
    if (id === undefined) return;
    connection?.meet(this);
    this.#page = page;
    this.#connection = connection;
    this.#connections[number] = id;
    this.#isOn = true;
    this.#world.trace.add({ kind: 'sceneBegan', number, scene, ...this.#at() });
    if (connection !== undefined)
      this.#say({ word: 'gateway', said: questionOf(plan, number, scene, this.#headOf(scene)) });
    if (scene.asked.bodyBytes > 0 && scene.shape !== 'socket') {
      this.#say(encodeText('q'.repeat(scene.asked.bodyBytes)));
      this.#say({ word: 'gateway', said: { say: 'end' } });
    }
    for (const [act, { atMs, deed }] of scene.acts.entries())
      this.#inScene(atMs, () => this.#act(act, deed, scene));
    this.#inScene(scene.lastsMs, () => {
      connection?.reset();
      this.#ended();
    });
  }

  /** Unless it is over by then. */
  #inScene(atMs: number, act: () => void): void {
    const number = this.#number;
    this.#world.later(atMs * 1_000, () => {
      if (this.#isOn && this.#number === number) act();
    });
  }

  #act(act: number, deed: Deed, scene: Scene): void {
    const { node, client } = this.plan;
    if ((deed.does === 'say' || deed.does === 'leave') && this.#head === undefined) return;
    this.#world.trace.add({ kind: 'sceneActed', act, ...this.#at() });
    if (deed.does === 'publish') {
      if (deed.item.action === 'hint' && deed.item.isForIt) this.#hinted.add(this.#number);
      const channel = SCENE_PREFIX + channelName(client, this.#number, deed.channel);
      const body = writtenItem(channel, deed.item, scene.shape, scene.way);
      this.#world.publish(node, body, scene.way === 'http' ? 'http' : 'pull');
    } else if (deed.does === 'leave') {
      if (this.#isClosing) return;
      this.#isClosing = true;
      const { code, reason } = deed;
      this.#say({ word: 'gateway', said: { say: 'close', code, reason } });
    } else if (deed.does === 'recover') {
      this.#world.trace.add({ kind: 'recoverPosted', node });
      this.#world.recover(node);
    } else {
      const word = wordOf(act, deed.bytes);
      if (this.#page !== undefined) this.#page.say(word);
      else {
        const bytes = encodeText(scene.via === 'framed' ? JSON.stringify([word]) : word);
        this.#say({ word: 'gateway', said: { say: 'frame', kind: deed.kind, bytes } });
      }
    }
  }

  #hear(unit: Unit): void {
    if (unit instanceof ObjectPayload) this.#sound('a value of the object lane');
    else if (!isWord(unit)) this.#hearBytes(unit);
    else if (unit.word === 'gateway') this.#hearWord(unit.said);
    else if (unit.word === 'fin') {
      this.#say({ word: 'fin' });
      this.#ended();
    } else if (unit.word === 'reset') {
      this.#sound('cut');
      this.#ended();
    } else this.#sound(unit.word);
  }

  #hearWord(said: GatewayWord): void {
    switch (said.say) {
      case 'head':
        this.#head = headWords(said.status, said.reason, said.headers);
        if (this.#isStream) this.#sound(`stream ${this.#head}`);
        return;
      case 'upgraded':
        this.#head = headerWords(said.headers).join(' | ');
        if (this.#scene?.via === undefined) this.#sound(`upgraded ${this.#head}`.trim());
        return;
      case 'end':
        this.#flush();
        this.#sound(
          this.#isStream ? 'end' : `answer ${this.#head ?? ''} || ${bodyWords(this.#text)}`,
        );
        return;
      case 'frame':
        this.#hearFrame(said.kind, new TextDecoder().decode(said.bytes));
        return;
      case 'close':
        this.#sound(`close ${said.code} ${said.reason}`.trim());
        if (!this.#isClosing) this.#sentAway(said);
        this.#isClosing = true;
        return;
      default:
        this.#sound(said.say);
    }
  }

  /** [WOH-CLOSE-5] */
  #sentAway(said: GatewayWord): void {
    if (this.#scene?.vanishes !== true) {
      this.#say({ word: 'gateway', said });
      return;
    }
    this.#connection?.reset();
    this.#ended();
  }

  #hearFrame(kind: MessageName, text: string): void {
    if (this.#scene?.via === 'framed' && kind === 'text')
      for (const sound of soundsOf(text)) this.#sound(sound);
    else this.#sound(`${kind} ${bodyWords(text)}`.trim());
  }

  /** Whatever was asked for, an error is answered whole. */
  get #isStream(): boolean {
    return this.#scene?.shape === 'stream' && this.#scene.flaw === undefined;
  }

  #hearBytes(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    if (!this.#isStream) return;
    for (;;) {
      if (this.#text.startsWith(ALIVE)) {
        this.#text = this.#text.slice(
          this.#text[ALIVE.length] === '\n' ? ALIVE.length + 1 : ALIVE.length,
        );
        this.#sound('alive');
        continue;
      }
      const end = this.#text.indexOf('\n');
      if (end < 0) return;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#sound(`line ${bodyWords(line)}`);
    }
  }

  /** What a stream ends with is told, too. */
  #flush(): void {
    if (this.#isStream && this.#text !== '') this.#sound(`line ${bodyWords(this.#text)}`);
  }

  #sound(sound: string): void {
    this.#world.trace.add({ kind: 'sceneHeard', sound, ...this.#at() });
  }

  #ended(): void {
    const scene = this.#scene;
    if (!this.#isOn || scene === undefined) return;
    this.#world.trace.add({ kind: 'sceneEnded', ...this.#at() });
    this.#isOn = false;
    this.#connection?.leave();
    this.#connection = undefined;
    this.#page?.leave();
    this.#page = undefined;
    this.#world.later(betweenMs(scene) * 1_000, () => this.#next());
  }

  #headOf(scene: Scene): HeaderList {
    const host = hostOf(scene, { client: this.plan.client, number: this.#number });
    const head: HeaderList = [['Host', host], ...scene.asked.headers];
    const words = JSON.stringify(head);
    const said = this.#heads.get(words) ?? head;
    this.#heads.set(words, said);
    return said;
  }

  #pageOf(scene: Scene): SockPage {
    const { plan } = this;
    const number = this.#number;
    const place = { client: plan.client, number };
    const isMine = (): boolean => this.#isOn && this.#number === number;
    return new SockPage(
      {
        ...{ isScript: scene.via === 'jsonp', host: hostOf(scene, place), path: pathOf(place) },
        ...{ search: searchOf(place), headers: scene.asked.headers },
      },
      {
        chance: this.#link.chance,
        connect: () => this.#world.connect(plan, this.#link),
        later: (delayUs, act) => this.#world.later(delayUs, act),
        sound: (sound) => {
          if (!isMine()) return;
          this.#head ??= sound;
          this.#sound(sound);
        },
        ended: () => {
          if (isMine()) this.#ended();
        },
      },
    );
  }

  #say(unit: Unit): void {
    this.#connection?.say(unit);
  }

  #at(): { readonly node: number; readonly client: number; readonly connection: number } {
    const { node, client } = this.plan;
    return { node, client, connection: this.#connections[this.#number] ?? -1 };
  }
}

function questionOf(
  { client }: PlayerPlan,
  number: number,
  scene: Scene,
  headers: HeaderList,
): GatewayWord {
  const { asked } = scene;
  const isWebSocket = scene.shape === 'socket';
  const host = hostOf(scene, { client, number });
  return {
    say: 'request',
    method: isWebSocket ? 'GET' : asked.bodyBytes > 0 ? 'POST' : asked.method,
    path: scene.via === 'framed' ? `${pathOf({ client, number })}/websocket` : '/scene',
    search: searchOf({ client, number }),
    host,
    headers,
    bodyBytes: isWebSocket ? 0 : asked.bodyBytes,
    isWebSocket,
  };
}

/** Of a session of SockJS. */
function pathOf({ client, number }: Place): string {
  return `/sock/0/s${client}-${number}`;
}

const ALIVE = '~alive';
/** Threads that died last are back by then. */
const FIRST_MS = 3_500;
