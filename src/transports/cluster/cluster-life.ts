// What a process does about its cluster: gives this life its number and keeps it, ends when another process has its
// name, and is not ready while its clients are sent away.
// Refuses to know members and links. Obeys spec/hp-peer.md, sections "Members" and "Partitions".

import type { ClusterNews } from '../../actors/cluster/cluster-options.ts';
import type { Entry } from '../process/output.ts';
import { keepIncarnation, nextIncarnation } from './incarnation.ts';

/** Another process has this node's name: who starts processes must not start this one again. */
const EXIT_SUPERSEDED = 3;

export interface ClusterLifeOptions {
  readonly stateDirectory: string | undefined;
  readonly log: (entry: Entry) => void;
  readonly exit: (code: number) => void;
}

export class ClusterLife {
  readonly incarnation: number;
  readonly #options: ClusterLifeOptions;
  #isAway = false;

  constructor(options: ClusterLifeOptions) {
    this.#options = options;
    this.incarnation = nextIncarnation(options.stateDirectory, Date.now());
  }

  /** Its clients are sent away: nobody should be sent to it. */
  get isAway(): boolean {
    return this.#isAway;
  }

  hear(news: ClusterNews): void {
    switch (news.type) {
      case 'clusterJoined':
        return;
      case 'incarnationRisen':
        this.#keep(news.incarnation);
        return;
      case 'nodeSuperseded':
        this.#options.exit(EXIT_SUPERSEDED);
        return;
      case 'retreated':
        this.#isAway = !news.isOver;
        return;
      default:
        news satisfies never;
    }
  }

  #keep(incarnation: number): void {
    const { stateDirectory, log } = this.#options;
    if (stateDirectory === undefined) return;
    try {
      keepIncarnation(stateDirectory, incarnation);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const event = 'cluster.stateNotWritten';
      log({ type: 'log', level: 'error', event, fields: { reason } });
    }
  }
}
