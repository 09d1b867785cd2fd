// The application behind the gateway: it answers questions for channels, holds those for which it has nothing new, and
// says with each hold which item came last. Answers are made of its log, so what it says is true unless it lies.
// Refuses to know what goes wrong on the way to it. Its GRIP is written from the protocol's text.

import type { Prng } from '../../../actors/runtime/prng.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { AskedOrigin } from '../../edges/gateway.edge.ts';
import { type FilterName, userOf } from '../../records/gateway-traits.ts';
import type { Lines } from '../../records/gateway-records.ts';
import type { Trace } from '../../trace.ts';
import { DirectApplication } from './direct-application.ts';
import { type OriginLog, textOf } from './origin-log.ts';
import { WsApplication } from './ws-application.ts';
import { filterOf } from './ws-words.ts';

export interface OriginAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** A question, taken apart. */
export interface Question {
  readonly node: number;
  readonly client: number;
  /** The client's connection for which it is asked. */
  readonly connection: number;
  readonly prefix: string;
  readonly channels: readonly string[];
  /** By place in `channels`: what is known to have been seen. */
  readonly after: readonly number[];
  readonly flags: ReadonlySet<string>;
  readonly padBytes: number;
  readonly search: string;
}

export class Application {
  readonly #log: OriginLog;
  readonly #trace: Trace;
  readonly #ws: WsApplication;

  constructor(log: OriginLog, trace: Trace) {
    this.#log = log;
    this.#trace = trace;
    this.#ws = new WsApplication(trace);
  }

  answer(asked: AskedOrigin, chance: Prng, isLying: boolean): OriginAnswer {
    const [path = '', search = ''] = asked.target.split('?');
    const question = questionOf(asked, search);
    const { node, client, connection } = question;
    const at = { node, client, connection };
    switch (path) {
      case '/poll':
        this.#trace.add({ kind: 'originHeard', purpose: 'request', ...at });
        return this.#poll(question, isLying);
      case '/stream':
        this.#trace.add({ kind: 'originHeard', purpose: 'request', ...at });
        return this.#stream(question, chance, isLying, true);
      case '/next':
        this.#trace.add({ kind: 'originHeard', purpose: 'next', ...at });
        return this.#stream(question, chance, isLying, false);
      case '/gone':
        this.#trace.add({ kind: 'originHeard', purpose: 'gone', ...at });
        return plain(200, '');
      case '/plain':
        this.#trace.add({ kind: 'originHeard', purpose: 'request', ...at });
        // What was asked comes back, behind its length.
        return plain(200, `-${'p'.repeat(question.padBytes)}\n=${asked.body.byteLength}\n`);
      case '/ws':
        this.#trace.add({ kind: 'originHeard', purpose: 'events', ...at });
        return this.#ws.answer(asked, question, chance);
      default:
        return plain(404, '-no such page\n');
    }
  }

  /** Speaks WebSocket from now on. */
  connect(asked: AskedOrigin, chance: Prng): DirectApplication {
    const [, search = ''] = asked.target.split('?');
    return new DirectApplication(questionOf(asked, search), chance, this.#trace);
  }

  #poll(question: Question, isLying: boolean): OriginAnswer {
    const lines = this.#news(question);
    if (lines.some(({ items }) => items.length > 0)) {
      this.#said(question, { hold: 'none', lines, isLie: false, wantsParting: false });
      return plain(200, pad(question) + textOf(lines));
    }
    const channels = this.#channelsOf(question, isLying);
    const wantsParting = question.flags.has('gone') && !question.flags.has('json');
    this.#said(question, { hold: 'response', lines, isLie: isLying, wantsParting });
    const text = `${pad(question)}-nothing\n`;
    if (question.flags.has('json')) return jsonHold(channels, text);
    const gone = wantsParting
      ? [['Grip-Link', `</gone?${question.search}>; rel=gone`] as const]
      : [];
    return {
      status: 200,
      headers: [
        ['Grip-Hold', 'response'],
        ['Grip-Timeout', '5'],
        ...channels.map((channel) => header(channel)),
        ...gone,
      ],
      body: encodeText(text),
    };
  }

  #stream(question: Question, chance: Prng, isLying: boolean, isFirst: boolean): OriginAnswer {
    const lines = this.#news(question);
    const channels = this.#channelsOf(question, isLying);
    const hasIds = channels.some(([, prevId]) => prevId !== undefined);
    // Some streams go on with the next link at once.
    const isShort = hasIds && chance.below(8) === 0;
    // A next link may say that there is nothing more.
    const isLast = !isFirst && chance.below(30) === 0;
    const hold = isShort || isLast ? 'none' : 'stream';
    const wantsParting = question.flags.has('gone') && isFirst && hold === 'stream';
    this.#said(question, { hold, lines, isLie: isLying, wantsParting });
    const links = [
      ...(hasIds && !isLast ? [`<${this.#nextOf(question)}>; rel=next; timeout=2`] : []),
      ...(wantsParting ? [`</gone?${question.search}>; rel=gone`] : []),
    ];
    const filter = filterOf(question);
    const mode = question.flags.has('interval') ? '; mode=interval' : '';
    return {
      status: 200,
      headers: [
        ...(hold === 'stream' ? [['Grip-Hold', 'stream'] as const] : []),
        ...(hold === 'stream' ? channels.map((channel) => header(channel, filter)) : []),
        ...(filter === undefined
          ? []
          : [['Grip-Set-Meta', `user=${userOf(question.client)}`] as const]),
        ...links.map((link) => ['Grip-Link', link] as const),
        ['Grip-Keep-Alive', `-alive\\n; format=cstring; timeout=2${mode}`],
      ],
      body: encodeText((isFirst ? pad(question) : '') + textOf(lines)),
    };
  }

  /** Where a stream goes on from here. */
  #nextOf(question: Question): string {
    const { node: _, client, connection, prefix, channels, flags } = question;
    const after = channels.map((channel) => `&ch=${channel}:${this.#log.topOf(prefix + channel)}`);
    const gone = flags.has('gone') ? '&gone=1' : '';
    return `/next?c=${connection}&n=${client}&pre=${prefix}${gone}${after.join('')}`;
  }

  #news({ prefix, channels, after }: Question): readonly Lines[] {
    return channels.map((channel, place) => this.#log.since(prefix + channel, after[place] ?? 0));
  }

  /** Each channel, and the id that its next item comes after. */
  #channelsOf({ prefix, channels }: Question, isLying: boolean): (readonly [string, string?])[] {
    return channels.map((channel) => {
      const full = prefix + channel;
      if (!this.#log.hasIds(full)) return [channel];
      const top = this.#log.topOf(full);
      return [channel, String(isLying ? Math.max(0, top - 2) : top)];
    });
  }

  #said(
    { node, client, connection }: Question,
    said: {
      readonly hold: 'none' | 'response' | 'stream';
      readonly lines: readonly Lines[];
      readonly isLie: boolean;
      readonly wantsParting: boolean;
    },
  ): void {
    this.#trace.add({ kind: 'originSaid', node, client, connection, status: 200, ...said });
  }
}

function questionOf({ node, headers }: AskedOrigin, search: string): Question {
  const channels: string[] = [];
  const after: number[] = [];
  const flags = new Set<string>();
  let prefix = '';
  const numbers = { c: -1, n: -1, pad: 0 };
  for (const field of search.split('&')) {
    const [name = '', value = ''] = field.split('=');
    if (name === 'ch') {
      const [channel = '', seen = '0'] = value.split(':');
      channels.push(channel);
      after.push(Number(seen));
    } else if (name === 'pre') prefix = value;
    else if (name === 'c' || name === 'n' || name === 'pad') numbers[name] = Number(value);
    else flags.add(name);
  }
  // What a hold has seen counts more than what its client knew when it asked.
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'grip-last') continue;
    for (const element of value.split(',')) {
      const [, channel = '', id = '0'] = /^\s*([^;]+);\s*last-id=(\d+)/.exec(element) ?? [];
      const place = channels.indexOf(channel);
      if (place >= 0) after[place] = Number(id);
    }
  }
  const { c: connection, n: client, pad: padBytes } = numbers;
  return { node, client, connection, prefix, channels, after, flags, padBytes, search };
}

function pad({ padBytes }: Question): string {
  return padBytes === 0 ? '' : `-${'x'.repeat(padBytes)}\n`;
}

function header(
  [channel, prevId]: readonly [string, string?],
  filter?: FilterName,
): readonly [string, string] {
  const id = prevId === undefined ? '' : `; prev-id=${prevId}`;
  return ['Grip-Channel', `${channel}${id}${filter === undefined ? '' : `; filter=${filter}`}`];
}

function jsonHold(channels: readonly (readonly [string, string?])[], text: string): OriginAnswer {
  const hold = {
    mode: 'response',
    channels: channels.map(([name, prevId]) =>
      prevId === undefined ? { name } : { name, 'prev-id': prevId },
    ),
    timeout: 5,
  };
  const body = encodeText(JSON.stringify({ hold, response: { body: text } }));
  return { status: 200, headers: [['Content-Type', 'application/grip-instruct']], body };
}

export function plain(status: number, text: string): OriginAnswer {
  return { status, headers: [['Content-Type', 'text/plain']], body: encodeText(text) };
}
