// What one shard sends to the others of its node: gathered during a turn, packed with msgpackr into one block
// for each receiving shard, and posted once. No socket and no shared object crosses a thread.
// Counts what the receivers have not worked off yet; too much of it is pressure, and all shards then read less.
// Refuses to know what the messages mean. Obeys ADR 0004 and 0008.

import type { MessagePort } from 'node:worker_threads';
import { Packr } from 'msgpackr';

/** One actor's message to an address on another shard. */
type Crossing = readonly [to: string, message: unknown];

export interface CrossingsOptions {
  readonly shard: number;
  readonly shards: number;
  /** Shared by all shards of the node: see `pressureBytes`. */
  readonly ledger: SharedArrayBuffer;
  readonly deliver: (to: string, message: unknown) => void;
  /** A block came in: actors have work. */
  readonly schedule: () => void;
  /** A large block came in: actors are to run, and to write, before the next one is taken. */
  readonly runNow: () => void;
}

interface Peer {
  readonly packr: Packr;
  port: MessagePort | undefined;
  /** Gathered in this turn, or waiting for a peer that is being replaced. */
  gathered: Crossing[];
  /** Units posted and not yet known to be worked off. */
  posted: number;
}

/** Units of the ledger are KiB, so that a 32-bit counter wraps only after 4 TiB; differences survive the wrap. */
const UNIT_BYTES = 1_024;
/**
 * Posted and not worked off, to one shard: beyond this the node is under pressure. Less than a reader's queue holds:
 * a backlog between shards arrives at once, and must not look like a reader that is slow.
 */
const OUTSTANDING_UNITS_MAX = 512;
/** Blocks larger than this get a turn of their own. */
const LARGE_BLOCK_BYTES = 64 * 1_024;
/** Messages that wait for a shard that is being replaced: beyond this the node is under pressure. */
const GATHERED_MAX = 10_000;

/** Bytes of the ledger of a node: one pressure flag per shard, one counter per ordered pair of shards. */
export function ledgerBytes(shards: number): number {
  return 4 * (shards + shards * shards);
}

export class Crossings {
  readonly #options: CrossingsOptions;
  readonly #ledger: Int32Array;
  readonly #peers = new Map<number, Peer>();
  readonly #dirty = new Set<number>();
  #isPressing = false;

  constructor(options: CrossingsOptions) {
    this.#options = options;
    this.#ledger = new Int32Array(options.ledger);
  }

  /** Connects to a shard, for the first time or to the one that takes a dead one's place. */
  connect(shard: number, port: MessagePort): void {
    const waiting = this.#peers.get(shard)?.gathered ?? [];
    const { deliver, schedule, runNow } = this.#options;
    const unpackr = newPackr();
    Atomics.store(this.#ledger, this.#counterOf(this.#options.shard, shard), 0);
    this.#peers.set(shard, { packr: newPackr(), port, gathered: waiting, posted: 0 });
    if (waiting.length > 0) this.#dirty.add(shard);
    const counter = this.#counterOf(shard, this.#options.shard);
    // What the dead one had sent may have been worked off after the other began: only we add, and not before now.
    Atomics.store(this.#ledger, counter, 0);
    port.on('message', (block: Uint8Array) => {
      for (const [to, message] of unpackr.unpack(block) as readonly Crossing[])
        deliver(to, message);
      Atomics.add(this.#ledger, counter, unitsOf(block));
      if (block.byteLength > LARGE_BLOCK_BYTES) runNow();
      else schedule();
    });
  }

  /** The shard died; what is sent to it from now on waits for the one that takes its place. */
  disconnect(shard: number): void {
    const peer = this.#peers.get(shard);
    peer?.port?.close();
    this.#peers.set(shard, { packr: newPackr(), port: undefined, gathered: [], posted: 0 });
    this.#dirty.delete(shard);
  }

  send(shard: number, to: string, message: unknown): void {
    if (shard >= this.#options.shards) throw new Error(`this node has no shard ${shard}`);
    let peer = this.#peers.get(shard);
    if (peer === undefined) {
      // It is on its way: what is sent to it waits.
      peer = { packr: newPackr(), port: undefined, gathered: [], posted: 0 };
      this.#peers.set(shard, peer);
    }
    peer.gathered.push([to, message]);
    if (peer.port !== undefined) this.#dirty.add(shard);
  }

  /** Posts what the turn gathered: one block for each shard. */
  flush(): void {
    for (const shard of this.#dirty) {
      const peer = this.#peers.get(shard);
      if (peer?.port === undefined) continue;
      // The packer's own buffer is reused: what is posted is an exact copy whose memory moves to the receiver.
      const block = new Uint8Array(peer.packr.pack(peer.gathered));
      peer.gathered = [];
      peer.posted = (peer.posted + unitsOf(block)) | 0;
      peer.port.postMessage(block, [block.buffer]);
    }
    this.#dirty.clear();
  }

  /** Says, and lets the other shards know, whether any of this shard's blocks pile up. */
  updatePressure(): boolean {
    let isPressing = false;
    for (const [shard, peer] of this.#peers) {
      const done = Atomics.load(this.#ledger, this.#counterOf(this.#options.shard, shard));
      if (((peer.posted - done) | 0) > OUTSTANDING_UNITS_MAX || peer.gathered.length > GATHERED_MAX)
        isPressing = true;
    }
    if (isPressing !== this.#isPressing)
      Atomics.store(this.#ledger, this.#options.shard, isPressing ? 1 : 0);
    this.#isPressing = isPressing;
    return this.isNodePressed;
  }

  /** True while any shard of the node is under pressure. */
  get isNodePressed(): boolean {
    for (let shard = 0; shard < this.#options.shards; shard += 1) {
      if (Atomics.load(this.#ledger, shard) !== 0) return true;
    }
    return false;
  }

  #counterOf(from: number, to: number): number {
    const { shards } = this.#options;
    return shards + from * shards + to;
  }
}

function unitsOf(block: Uint8Array): number {
  return Math.ceil(block.byteLength / UNIT_BYTES);
}

/** Sequential packers send each record's shape once for the life of a port; both ends see all blocks in order. */
function newPackr(): Packr {
  return new Packr({ sequential: true, useRecords: true, moreTypes: false });
}
