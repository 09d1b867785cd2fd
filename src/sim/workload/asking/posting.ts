// A client's HTTP exchanges, one at a time: publications posted, what is followed looked at, and the answers.
// Refuses to know connections: each exchange has one of its own.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { WireWord } from '../../edges/network.ts';
import type { WireHead } from '../../edges/doors/heads.ts';
import type { PublishQuestion } from '../answers.ts';
import type { TracePosition } from '../../trace.ts';
import type { Client } from '../client.ts';
import { correctedResults } from '../hearing/rewriting.ts';
import { isUnjudged, NO_VERDICT, turnedAway, withPage, withToken } from './door.ts';

export class Posting {
  readonly #client: Client;
  /** Publications of the exchange that is under way. */
  #posted: PublishQuestion[] = [];
  /** What the exchange that is under way looks at. */
  #looked: Looked | undefined = undefined;

  /** Nobody judges its token in time. */
  #isUnjudged = false;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The connection is gone, with or without the answer. */
  ended(): void {
    for (const question of this.#posted) this.#client.answers.doubt(question);
    this.#posted = [];
    this.#looked = undefined;
  }

  /** One POST with several publications. */
  post(topics: readonly string[]): void {
    if (this.#posted.length > 0 || topics.length === 0 || this.#client.connection !== undefined)
      return;
    const items: string[] = [];
    const posted: PublishQuestion[] = [];
    for (const topic of topics) {
      const published = this.#client.composing.compose(topic, 'post');
      const { id, data, sent } = published;
      const named = id === undefined ? '' : `"id":"${id}",`;
      // What is posted is bytes in both lanes.
      const text = decoder.decode(data as Uint8Array);
      items.push(`{"topic":${JSON.stringify(topic)},${named}"data":${text}}`);
      posted.push({ type: 'publish', published, cause: sent });
    }
    const [only = ''] = items;
    const body = encodeText(items.length === 1 ? only : `[ ${items.join(' ,\n')} ]`);
    const headers = { 'content-type': 'application/json' };
    this.#exchange({ method: 'POST', path: '/publish', query: '', headers }, body);
    // A refused connection leaves nothing to wait for.
    if (this.#client.connection !== undefined) this.#posted = posted;
    else for (const question of posted) this.#client.answers.fail(question, 'refused');
  }

  /** One GET of what is followed. */
  look(asked: Looked['asked'], topic: string, isCensus = false): void {
    if (this.#client.connection !== undefined) return;
    const path = asked === 'list' ? '/topics' : `/topics/${encodeURIComponent(topic)}`;
    this.#exchange({ method: 'GET', path, query: '', headers: {} }, NO_BYTES);
    if (this.#client.connection !== undefined) this.#looked = { asked, topic, isCensus };
  }

  #exchange(head: WireHead, body: Uint8Array): void {
    const client = this.#client;
    this.#isUnjudged = isUnjudged(client);
    client.exchange({
      word: 'request',
      head: withToken(withPage(head, client), client.plan, client.world.isSettling),
      body,
    });
  }

  hearResponse(response: Extract<WireWord, { readonly word: 'response' }>): void {
    const { status, body } = response;
    const client = this.#client;
    const posted = this.#posted;
    const looked = this.#looked;
    this.#posted = [];
    this.#looked = undefined;
    if (status === 401 || status === 403 || status === 429 || body.includes(NO_VERDICT)) {
      const topics = posted.map(({ published }) => published.topic);
      turnedAway(
        this.#client,
        response,
        looked?.asked ?? 'publish',
        looked === undefined ? topics : [looked.topic],
      );
      for (const question of posted) this.#client.answers.fail(question, 'forbidden');
      return;
    }
    let results: unknown;
    try {
      results = JSON.parse(body);
    } catch {
      client.unexpected(`not JSON: ${body}`);
      return;
    }
    if (this.#isUnjudged) client.unexpected(`${status}, and nobody had judged its token`);
    if (looked !== undefined) {
      this.#seen(looked, status, results as Seen, body);
      return;
    }
    const list = (Array.isArray(results) ? results : [results]) as readonly Record<
      string,
      unknown
    >[];
    // [BROKER-HTTP-3]
    const isEach = list.every(({ epoch }) => epoch !== undefined);
    if (list.length !== posted.length || status !== (isEach ? 200 : 503)) {
      this.#client.unexpected(
        `${status} with ${list.length} results for ${posted.length}: ${body}`,
      );
      return;
    }
    const correction = correctedResults(body, list, posted.length > 1);
    if (correction !== undefined) this.#client.misworded(body, correction);
    for (const [index, question] of posted.entries()) {
      const {
        epoch,
        offset,
        subscribers = -1,
        duplicate: isDuplicate = false,
        error = '',
      } = list[index] as Partial<TracePosition> & {
        readonly subscribers?: number;
        readonly duplicate?: boolean;
        readonly error?: string;
      };
      if (epoch === undefined || offset === undefined) client.answers.refuse(question, error);
      else {
        const position = { epoch, offset };
        client.answers.acked(question, { position, subscribers, isDuplicate });
      }
    }
  }

  #seen({ asked, topic, isCensus }: Looked, status: number, seen: Seen, body: string): void {
    const client = this.#client;
    const { trace } = client.world;
    if (status !== 200) {
      client.unexpected(`${status}: ${body}`);
      return;
    }
    if (asked === 'list') {
      const topics = Object.entries(seen.topics ?? {});
      trace.add({ ...client.at(), kind: 'told', asked, topics: topics.map(([name]) => name) });
      if (isCensus) trace.add({ ...client.at(), kind: 'listed', topics });
      return;
    }
    const { subscribers = -1, epoch, offset, history = -1 } = seen;
    const info = { topic, subscribers, epoch, offset, history };
    // [BROKER-HTTP-5]
    const correction = `${JSON.stringify(info)}\n`;
    if (body !== correction) client.misworded(body, correction);
    trace.add({ ...client.at(), kind: 'told', asked, topics: [seen.topic ?? ''] });
    const isPlaced = typeof epoch === 'string' && typeof offset === 'number';
    const position = isPlaced ? { epoch, offset } : undefined;
    if (isCensus)
      trace.add({ ...client.at(), kind: 'informed', topic, subscribers, position, history });
  }
}

interface Looked {
  readonly asked: 'list' | 'info';
  readonly topic: string;
  /** Everything is at rest, and the answer must be exact. */
  readonly isCensus: boolean;
}

/** What `GET /topics` answers, or `GET /topics/{topic}`. */
interface Seen {
  readonly topics?: Readonly<Record<string, number>>;
  readonly topic?: string;
  readonly subscribers?: number;
  readonly epoch?: string | null;
  readonly offset?: number | null;
  readonly history?: number;
}

const decoder = new TextDecoder();
const NO_BYTES = new Uint8Array(0);
