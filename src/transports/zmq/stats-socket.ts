// The PUB socket on which operators hear what happens. Frames wait here while the library sends one; when too many
// wait, new ones are dropped and counted, since nobody's client may wait for statistics.
// Refuses to know what frames say. Obeys spec/grip.md, section "Statistics".

import { Publisher } from 'zeromq';
import { bindTo, type SpecBinding } from './specs.ts';

const WAITING_MAX = 200_000;

export class StatsSocket {
  readonly #socket = new Publisher({ linger: 0, sendHighWaterMark: WAITING_MAX });
  readonly #dropped: () => void;
  #waiting: Uint8Array[] = [];
  #isSending = false;
  #isClosed = false;

  constructor(dropped: () => void) {
    this.#dropped = dropped;
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
