// Meetings, one after the other, at the doors of one node: whoever has to do something does it when those before him have done
// or heard what they had to. Refuses to judge: what was heard is written down.

import type { Log } from '../../../actors/runtime/edges.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { newLink, type Link } from '../../edges/link.ts';
import { Connection, type NetworkClock, type Pipe } from '../../edges/network.ts';
import type { Dialed } from '../../edges/tcp.edge.ts';
import { plainLink } from '../../plan/simpler.ts';
import {
  CALLS,
  LOG,
  meetingHouse,
  type MeetingStep,
  NOBODY,
  nodesIn,
  OPERATOR,
  roomsIn,
} from '../../records/meetings/meeting.ts';
import { meetingNamed } from '../../records/meetings/meetings.ts';
import type { House } from '../../records/plays/house.ts';
import { line as requestOf } from '../../records/plays/play.ts';
import { inOrder, isOpen, matched } from '../../records/plays/matching.ts';
import type { NodeWord } from '../../records/cluster-records.ts';
import type { Shard } from '../../shard.ts';
import type { Trace } from '../../trace.ts';
import type { Way } from '../../ways-in.ts';
import { Guest } from '../plays/guest.ts';
import { SECRET } from '../../faults/processes.ts';
import { signed } from './own-hashes.ts';
import { logWords, toldWords } from './operator-words.ts';
import { Memory } from './peer-words.ts';
import { Peer } from './peer.ts';

export interface MeetingStage extends NetworkClock {
  readonly trace: Trace;
  readonly shards: readonly Shard[];
  readonly plan: { readonly shards: number; readonly seed: number };
  later(delayUs: number, act: () => void): void;
  addPipe(pipe: Pipe): void;
  acceptPeer(node: number, connection: Connection): boolean;
  connectChat(way: Way, link: Link): Connection | undefined;
  first(node: number): Shard | undefined;
}

/** Who hears: what no step has asked for yet, and what comes by the way. */
interface Ear {
  heard: string[];
  beside: string[];
}

export class Moderator {
  readonly #house: House;
  readonly #stage: MeetingStage;
  readonly #names: string[];
  readonly #memory = new Memory();
  readonly #guests = new Map<string, Guest>();
  readonly #peers = new Map<string, Peer>();
  readonly #ears = new Map<string, Ear>();
  readonly #addresses = new Map<string, string>();
  readonly #calledAt = new Map<string, number>();
  #counted = new Map<string, number>();
  #name = '';
  #steps: readonly MeetingStep[] = [];
  #at = -1;
  /** Looks that were asked for before the step under way are in vain. */
  #turn = 0;
  #clients = FIRST_CLIENT;
  #connections = FIRST_CONNECTION;

  constructor(names: readonly string[], stage: MeetingStage) {
    this.#house = { shards: stage.plan.shards, ...meetingHouse };
    this.#stage = stage;
    this.#names = [...names];
    stage.trace.add({ kind: 'houseOpened', node: NODE, house: this.#house });
    stage.later(OPENS_US, () => this.#begin());
  }

  /** The node calls somebody. True: nobody else is there to be called, but for itself. */
  dialed(address: string, isWanted: () => boolean, then: (dialed: Dialed) => void): boolean {
    if (address.startsWith(`${SELF}:`)) return false;
    const { now } = this.#stage;
    const afterMs = Math.round((now - (this.#calledAt.get(address) ?? now)) / 1_000);
    this.#calledAt.set(address, now);
    this.#comesBeside(CALLS, `${address} after=${afterMs}`);
    const by = this.#addresses.get(address) ?? '';
    const isMute = by === NOBODY;
    this.#stage.later(isMute ? TIMEOUT_US : MOMENT_US, () => {
      if (!isWanted()) return;
      if (isMute || by === '') {
        then({ reason: isMute ? 'timedOut' : 'refused' });
        return;
      }
      const connection = this.#connection('10.2.0.9');
      this.#peerOf(by).meet(connection, false);
      then({ connection });
    });
    return true;
  }

  /** True: it is for nobody else. */
  logged(entry: Log): boolean {
    if (entry.event.startsWith('cluster.')) this.#comesBeside(LOG, logWords(entry, this.#about()));
    return true;
  }

  /** What an operator is told. True: it is for nobody else. */
  told(message: NodeWord): boolean {
    // What it says before it ends is to be heard.
    if (message.type !== 'clusterTold') return message.type === 'nodeSuperseded';
    this.#earOf(OPERATOR).heard.push(...toldWords(message, this.#about()));
    this.#lookAt(OPERATOR);
    return true;
  }

  #comesBeside(by: string, words: string): void {
    this.#earOf(by).beside.push(words);
    this.#lookAt(by);
  }

  #about() {
    return { memory: this.#memory, seconds: this.#host().seconds, isRight: true };
  }

  #begin(): void {
    const meeting = meetingNamed(this.#names.shift() ?? '');
    if (meeting === undefined) return;
    this.#name = meeting.name;
    this.#steps = meeting.steps;
    this.#at = -1;
    this.#memory.begin([SELF, ...nodesIn(meeting.steps)], roomsIn(meeting.steps));
    this.#counted = this.#countAll();
    for (const ear of this.#ears.values()) {
      ear.heard = [];
      ear.beside = [];
    }
    this.#stage.trace.add({ kind: 'playBegan', node: NODE, play: this.#name });
    this.#next(0);
  }

  #next(afterUs: number): void {
    this.#turn += 1;
    const turn = this.#turn;
    this.#stage.later(afterUs, () => {
      if (turn !== this.#turn) return;
      this.#at += 1;
      const step = this.#steps[this.#at];
      if (step === undefined) this.#stage.later(PAUSE_US, () => this.#over());
      else this.#do(step);
    });
  }

  #do(step: MeetingStep): void {
    switch (step.does) {
      case 'comes': {
        this.#clients += 1;
        const way = { node: NODE, client: this.#clients, remote: step.from };
        const guest = this.#guestOf(step.by);
        const connect = (link: Link): Connection | undefined =>
          this.#stage.connectChat(way, { ...link, plan: { ...link.plan, isSteady: true } });
        guest.come(connect, step.isBlind);
        this.#next(MOMENT_US);
        return;
      }
      case 'says':
        this.#guestOf(step.by).say(this.#filled(step.text));
        this.#next(MOMENT_US);
        return;
      case 'goes':
        (this.#peers.get(step.by) ?? this.#guestOf(step.by)).go();
        this.#next(MOMENT_US);
        return;
      case 'waits':
        this.#next(step.ms * 1_000);
        return;
      case 'lends':
        this.#guestOf(step.to).token = this.#guestOf(step.by).token;
        this.#next(0);
        return;
      case 'calls': {
        const peer = this.#peerOf(step.by);
        const connection = this.#connection(step.from);
        peer.meet(connection, true);
        this.#stage.acceptPeer(NODE, connection);
        this.#next(MOMENT_US);
        return;
      }
      case 'tells':
        // What it says of the time is true when it is heard.
        if (this.#stage.now % SECOND_US > SECOND_US - MOMENT_US * 2) {
          this.#stage.later(MOMENT_US * 2, () => this.#do(step));
          return;
        }
        for (const one of step.lines) this.#peerOf(step.by).tell(this.#filled(one));
        this.#next(MOMENT_US);
        return;
      case 'keeps': {
        const peer = this.#peerOf(step.by);
        peer.isQuiet = step.isQuiet;
        peer.acks = step.acks;
        this.#next(0);
        return;
      }
      case 'listens':
        this.#addresses.set(step.address, step.by);
        this.#next(0);
        return;
      case 'asks':
        this.#stage.first(NODE)?.describeCluster();
        this.#next(MOMENT_US);
        return;
      case 'counts':
        this.#note(step.by, this.#grown(step.lines));
        return;
      case 'hushes':
        this.#stage.later(step.ms * 1_000, () =>
          this.#note(step.by, this.#earOf(step.by).heard.splice(0)),
        );
        return;
      case 'gets':
      case 'awaits':
      case 'notices':
      case 'hears': {
        if (step.does === 'awaits') this.#earOf(step.by).beside = [];
        const turn = this.#turn;
        this.#stage.later(step.does === 'awaits' ? LONG_US : PATIENCE_US, () => {
          if (turn === this.#turn) this.#giveUp(step);
        });
        this.#lookAt(step.by);
        return;
      }
      default:
        // Steps of plays for which a node that meets others is not there.
        this.#next(0);
    }
  }

  /** With what clients know of their sessions, and with tickets of those that are elsewhere. */
  #filled(text: string): string {
    return text
      .replaceAll(
        /@secret:(\w+)/g,
        (_, by) => this.#guestOf(by as string).token.split('~')[2] ?? '',
      )
      .replaceAll(/@ticket\((.*?)\)/g, (_, all) => {
        const [user = '', session = '', secret = '', caps = ''] = (all as string).split(',');
        const lines = ['hp1-resume', 'sim', user, session, secret, caps];
        return [user, session, secret, caps, signed(SECRET, lines)].join('~');
      });
  }

  /** Somebody has heard something. */
  #lookAt(by: string): void {
    const step = this.#steps[this.#at];
    if (step === undefined || step.by !== by || this.#name === '') return;
    const ear = this.#earOf(by);
    if (step.does === 'hears') {
      const count = matched(step.lines, ear.heard);
      if (count !== undefined) this.#note(by, ear.heard.splice(0, count));
      else if (!isOpen(step.lines, ear.heard)) this.#note(by, ear.heard.splice(0));
    }
    if (step.does === 'gets' && ear.heard.length >= step.lines.length)
      this.#note(by, inOrder(step.lines, ear.heard.splice(0, step.lines.length)));
    if (step.does !== 'notices' && step.does !== 'awaits') return;
    const found = ear.beside.findIndex((words) => matched(step.lines, [words]) !== undefined);
    if (found < 0) return;
    this.#note(by, ear.beside.splice(0, found + 1).slice(-1));
  }

  #giveUp(step: MeetingStep): void {
    const ear = this.#earOf(step.by);
    const heard = step.does === 'hears' || step.does === 'gets' ? ear.heard.splice(0) : ear.beside;
    this.#note(step.by, heard.length === 0 ? ['nothing'] : heard.slice(-FEW));
  }

  #note(by: string, heard: readonly string[]): void {
    const place = { node: NODE, play: this.#name, step: this.#at };
    this.#stage.trace.add({ kind: 'playHeard', ...place, by, heard });
    this.#next(0);
  }

  #over(): void {
    const rest = [...this.#guests, ...this.#peers, ...this.#ears].flatMap(([by, { heard }]) =>
      heard.map((line) => `${by}: ${line}`),
    );
    this.#stage.trace.add({ kind: 'playOver', node: NODE, play: this.#name, rest });
    for (const guest of [...this.#guests.values(), ...this.#peers.values()]) guest.go();
    this.#guests.clear();
    this.#peers.clear();
    this.#name = '';
    this.#stage.later(PAUSE_US, () => this.#begin());
  }

  #grown(lines: readonly string[]): readonly string[] {
    const now = this.#countAll();
    return lines.map((line) => {
      const name = line.slice(0, line.indexOf('='));
      return `${name}=${(now.get(name) ?? 0) - (this.#counted.get(name) ?? 0)}`;
    });
  }

  #countAll(): Map<string, number> {
    const all = new Map<string, number>();
    for (const { isDead, plan, system } of this.#stage.shards)
      if (!isDead && plan.node === NODE)
        for (const [name, value] of system.counters) all.set(name, (all.get(name) ?? 0) + value);
    return all;
  }

  #connection(remote: string): Connection {
    this.#connections += 1;
    const { seed } = this.#stage.plan;
    const link = newLink(steady, new Prng(seed, `meeting ${this.#connections}`));
    const met = { shard: 0, remote, askedAt: this.#stage.now };
    const connection = new Connection(this.#connections, link, this.#stage, met);
    this.#stage.addPipe(connection.up);
    this.#stage.addPipe(connection.down);
    return connection;
  }

  #earOf(by: string): Ear {
    const known = this.#peers.get(by) ?? this.#ears.get(by);
    if (known !== undefined) return known;
    const guest = this.#guests.get(by);
    if (guest !== undefined) return guest as Guest & Ear;
    const ear = { heard: [], beside: [] };
    this.#ears.set(by, ear);
    return ear;
  }

  #guestOf(by: string): Guest {
    const known = this.#guests.get(by);
    if (known !== undefined) return known;
    const chance = new Prng(this.#stage.plan.seed, `guest ${this.#name} ${by}`);
    const guest = new Guest(this.#house, chance, () => {
      this.#answerPings(guest);
      this.#lookAt(by);
    });
    this.#guests.set(by, guest);
    return guest;
  }

  /** Whether clients live is not what is played. */
  #answerPings(guest: Guest): void {
    if (!guest.heard.includes('PING')) return;
    guest.heard = guest.heard.filter((words) => words !== 'PING');
    guest.say(requestOf('PONG'));
  }

  #peerOf(by: string): Peer {
    const known = this.#peers.get(by);
    if (known !== undefined) return known;
    const chance = new Prng(this.#stage.plan.seed, `peer ${this.#name} ${by}`);
    const peer = new Peer(this.#host(), this.#memory, chance, () => this.#lookAt(by));
    this.#peers.set(by, peer);
    return peer;
  }

  #host() {
    const stage = this.#stage;
    return {
      get now() {
        return stage.now;
      },
      get seconds() {
        return Math.floor((WALL_AT_ZERO_MS + stage.now / 1_000) / 1_000);
      },
      later: (delayUs: number, act: () => void): void => stage.later(delayUs, act),
    };
  }
}

const steady = { ...plainLink, isSteady: true };
const NODE = 0;
const SELF = 'n1';
const WALL_AT_ZERO_MS = 1_700_000_000_000;
const FIRST_CLIENT = 21_000;
const FIRST_CONNECTION = 4_000_000;
const OPENS_US = 300_000;
const SECOND_US = 1_000_000;
const MOMENT_US = 4_000;
const PAUSE_US = 150_000;
const PATIENCE_US = 12_000_000;
/** For what comes twice a minute. */
const LONG_US = 35_000_000;
const TIMEOUT_US = 3_000_000;
const FEW = 3;
