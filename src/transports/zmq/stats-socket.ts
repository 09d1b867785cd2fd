// The PUB socket on which operators hear what happens. Frames wait here while the library sends one; when too many
// wait, new ones are dropped and counted, since nobody's client may wait for statistics.
// Refuses to know what frames say. Obeys spec/grip.md, section "Statistics".

import { XPublisher } from 'zeromq';
import { bindTo, type SpecBinding } from './specs.ts';

const WAITING_MAX = 200_000;

export class StatsSocket {
  readonly #socket = new XPublisher({ linger: 0, sendHighWaterMark: WAITING_MAX });
  readonly #dropped: () => void;
  #waiting: Uint8Array[] = [];
  /** What is subscribed to by whom it may concern. */
  readonly #wanted = new Set<string>();
  #isSending = false;
  #isClosed = false;

  constructor(dropped: () => void) {
    this.#dropped = dropped;
    void this.#listen();
  }

  /** Somebody has subscribed to something. */
  get isHeard(): boolean {
    return this.#wanted.size > 0;
  }

  bind(spec: string, ipcFileMode: number | undefined): Promise<SpecBinding> {
    return bindTo(this.#socket, spec, ipcFileMode);
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped();
      return;
    }
    this.#waiting.push(frame);
    if (!this.#isSending) void this.#pump();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#socket.close();
  }

  /** The library tells of the first subscription to each prefix, and of the last one's end. */
  async #listen(): Promise<void> {
    try {
      for await (const [message] of this.#socket) {
        const prefix = message?.toString('latin1', 1) ?? '';
        if (message?.[0] === 1) this.#wanted.add(prefix);
        else this.#wanted.delete(prefix);
      }
    } catch {
      // The socket was closed.
    }
  }

  async #pump(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const frames = this.#waiting;
      this.#waiting = [];
      for (const frame of frames) {
        try {
          await this.#socket.send(frame);
        } catch {
          // Only a socket that is closed refuses.
          this.#dropped();
        }
      }
    }
    this.#isSending = false;
  }
}
