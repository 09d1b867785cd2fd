// The second place where cases about messages are run: our actors under the simulator's edges. Nothing is waited for in
// real time, so that a case may be run under many seeds, and one that takes two minutes is run in an instant.

import type { Connection } from '../../src/sim/edges/network.ts';
import type { Lane } from '../../src/sim/edges/web.edge.ts';
import { type Case, runCase } from './case.ts';
import type { Answer, Asked, Door, Handshake, StreamEnd, WebSocketEnd } from './door.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { HOST, type SimCase, SimRequest, SimWebSocket } from './sim-client.ts';
import { SimNode } from './sim-node.ts';
import { EVERYTHING, type Grant, type Site } from './target.ts';

export interface SimSiteOptions {
  readonly lane: Lane;
  readonly shards: number;
  readonly seed: number;
  readonly settings?: Settings;
  readonly requireToken?: boolean;
  readonly allowedOrigins?: readonly string[];
  /** What clients hear instead of what the node says: the planted fault by which the suite is tried. */
  readonly lie?: (truth: string) => string;
}

/** Runs a case against a node of its own; rejects when the case fails, and when an actor did. */
export async function runSimulated(
  one: Case,
  options: SimSiteOptions,
  deadlineMs?: number,
): Promise<void> {
  const site = new SimSite(options);
  await runCase(one, site, deadlineMs);
  const [failure] = site.failures;
  if (failure !== undefined) throw new Error(`an actor failed: ${failure}`);
}

export class SimSite implements Site {
  readonly settings: Settings;
  readonly greets = true;
  readonly run = 'c5eed';
  readonly isPatient = true;
  readonly token: string | undefined;
  readonly makeToken: ((grant: Grant) => string) | undefined;
  readonly allowedOrigin: string | undefined;
  readonly sockets = undefined;
  readonly #options: SimSiteOptions;
  readonly #nodes: SimNode[] = [];

  constructor(options: SimSiteOptions) {
    const { settings = defaultSettings, requireToken = false, allowedOrigins = [] } = options;
    this.#options = options;
    this.settings = settings;
    this.makeToken = requireToken ? tokenFor : undefined;
    this.token = this.makeToken?.(EVERYTHING);
    this.allowedOrigin = allowedOrigins[0];
  }

  get failures(): string[] {
    return this.#nodes.flatMap(({ failures }) => failures);
  }

  enter(deadlineMs: number): Door {
    const { requireToken = false, allowedOrigins = [], lane, shards, seed, lie } = this.#options;
    const { settings } = this;
    const node = new SimNode({ lane, shards, seed, settings, requireToken, allowedOrigins });
    this.#nodes.push(node);
    return new SimDoor(node, deadlineMs, lie ?? ((truth) => truth));
  }
}

/** What the simulated auth edge takes for a token. */
function tokenFor({ subscribe, publish, endsInMs }: Grant): string {
  const claims = { subscribe, publish, expiresInMs: endsInMs };
  return encodeURIComponent(JSON.stringify(claims));
}

class SimDoor implements Door, SimCase {
  readonly origin = `http://${HOST}`;
  readonly lane: Lane;
  readonly heard: (text: string) => string;
  readonly #node: SimNode;
  readonly #deadlineUs: number;
  #count = 0;

  constructor(node: SimNode, deadlineMs: number, heard: (text: string) => string) {
    this.lane = node.options.lane;
    this.heard = heard;
    this.#node = node;
    this.#deadlineUs = deadlineMs * 1_000;
  }

  nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }

  connect(): Connection {
    return this.#node.connect();
  }

  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (!this.#node.step(this.#deadlineUs))
        throw new Error(`nothing happened within ${this.#deadlineUs / 1_000} ms: ${what}`);
    }
  }

  webSocket(handshake: Handshake): Promise<WebSocketEnd | Answer> {
    const end = new SimWebSocket(this, handshake);
    return this.until<WebSocketEnd | Answer>('the answer to a handshake', () =>
      end.isOpen ? end : end.refusal,
    );
  }

  request(asked: Asked): Promise<Answer> {
    const request = new SimRequest(this, asked);
    return this.until('an answer', () => request.answer);
  }

  stream(asked: Asked): Promise<StreamEnd | Answer> {
    const request = new SimRequest(this, asked);
    return this.until<StreamEnd | Answer>('the head of a stream', () => {
      return request.stream ?? request.answer;
    });
  }

  now(): number {
    return this.#node.now / 1_000;
  }

  async rest(): Promise<void> {
    let isOver = false;
    this.#node.at(this.#node.now + REST_US, () => {
      isOver = true;
    });
    await this.until('what was asked for', () => isOver || undefined);
  }

  leave(): void {
    // The node is this case's own, and is dropped with it.
  }
}

const REST_US = 50_000;
