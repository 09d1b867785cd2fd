// How much may be read before the actors get a turn, and before other sockets get theirs.
// A socket that pours is stopped until the loop has come round; under pressure every socket that speaks is stopped
// until the node has caught up. Refuses to know what the bytes mean.

import type { Socket } from 'node:net';

export interface IntakeHost {
  schedule(): void;
  runNow(): void;
}

/** Read from all sockets since the last turn: with more, actors run at once instead of at the end of the round. */
const UNHEARD_BYTES_MAX = 64 * 1_024;
/** Read from one socket in one round of the event loop. */
const ROUND_BYTES_MAX = 128 * 1_024;

export class Intake {
  readonly #host: IntakeHost;
  #unheardBytes = 0;
  /** Who spoke last, and how much in a row. */
  #speaker: Socket | undefined = undefined;
  #spokenBytes = 0;
  #isRoundAwaited = false;
  readonly #stopped = new Set<Socket>();
  /** Stopped by their sessions, for as long as these want. */
  readonly #held = new Set<Socket>();
  #isPressed = false;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  /** Bytes of a socket were read and delivered. */
  took(socket: Socket, bytes: number): void {
    if (socket !== this.#speaker) {
      this.#speaker = socket;
      this.#spokenBytes = 0;
    }
    this.#spokenBytes += bytes;
    this.#unheardBytes += bytes;
    if (this.#isPressed || this.#spokenBytes >= ROUND_BYTES_MAX) this.#stop(socket);
    this.#host.schedule();
    if (this.#unheardBytes >= UNHEARD_BYTES_MAX) {
      this.#unheardBytes = 0;
      this.#host.runNow();
      this.#awaitRound();
    }
  }

  /** The actors have heard everything. */
  endTurn(): void {
    this.#unheardBytes = 0;
  }

  press(isPressed: boolean): void {
    this.#isPressed = isPressed;
    if (!isPressed) this.#goOn();
  }

  /** Reads nothing from a socket until told to go on. */
  hold(socket: Socket, isHeld: boolean): void {
    if (isHeld) {
      this.#held.add(socket);
      socket.pause();
    } else if (this.#held.delete(socket) && !this.#stopped.has(socket)) socket.resume();
  }

  forget(socket: Socket): void {
    this.#held.delete(socket);
    this.#stopped.delete(socket);
    if (this.#speaker === socket) this.#speaker = undefined;
  }

  #stop(socket: Socket): void {
    socket.pause();
    this.#stopped.add(socket);
    this.#awaitRound();
  }

  #awaitRound(): void {
    if (this.#isRoundAwaited) return;
    this.#isRoundAwaited = true;
    setImmediate(() => {
      this.#isRoundAwaited = false;
      this.#speaker = undefined;
      if (!this.#isPressed) this.#goOn();
    });
  }

  #goOn(): void {
    for (const socket of this.#stopped) if (!this.#held.has(socket)) socket.resume();
    this.#stopped.clear();
  }
}
