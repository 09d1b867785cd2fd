// The ZeroMQ doors of the node, on the main thread: PULL and SUB for items, REP for commands. What comes is handed to
// shard 0 unread. Subscriptions of the SUB socket follow the channels that are followed on the node.
// On the main thread because a thread that ends while a receive is pending takes the process with it.
// Refuses to know what items and commands say. Obeys spec/grip.md, sections "Publishing" and "Commands".

import { Pull, Router, Subscriber } from 'zeromq';
import { Intake, type ReceivedItem } from './intake.ts';
import { bindTo, connectTo, type SpecTrouble, troubleOf } from './specs.ts';

export interface ZmqOptions {
  /** Binds PULL; undefined opens none. */
  readonly pullSpec: string | undefined;
  /** SUB binds to the first, or connects to all. */
  readonly subSpecs: readonly string[];
  readonly isSubConnecting: boolean;
  /** Binds REP. */
  readonly commandSpec: string | undefined;
  /** Permissions of the files of `ipc` specs. */
  readonly ipcFileMode: number | undefined;
}

export const zmqDefaults: ZmqOptions = {
  pullSpec: 'tcp://127.0.0.1:5560',
  subSpecs: ['tcp://127.0.0.1:5562'],
  isSubConnecting: false,
  commandSpec: 'tcp://127.0.0.1:5563',
  ipcFileMode: undefined,
};

export interface ZmqSurroundings {
  /** Settles when shard 0 has taken them. */
  takeItems(items: readonly ReceivedItem[]): Promise<void>;
  /** Settles with the reply, or with nothing when none can be had. */
  obeyCommand(frame: Uint8Array): Promise<Uint8Array | undefined>;
  count(counter: string, by: number): void;
}

export type ZmqDoor = 'zmq-pull' | 'zmq-sub' | 'zmq-command';

export type ZmqOpening =
  | { readonly ok: true; readonly doors: Readonly<Record<string, string>> }
  | ({ readonly ok: false; readonly door: ZmqDoor; readonly spec: string } & SpecTrouble);

const RECEIVE_HIGH_WATER_MARK = 101_000;
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
/** Commands that wait for their reply; more are not received meanwhile. */
const COMMANDS_MAX = 100;
/** A publisher that vanished without a word is noticed after a minute. */
const keepAlive = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 30,
  tcpKeepaliveCount: 6,
  tcpKeepaliveInterval: 5,
};
const settings = {
  // Without this an unsent message keeps the process alive.
  linger: 0,
  receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
  maxMessageSize: MESSAGE_BYTES_MAX,
};

export class ZmqDoors {
  readonly #options: ZmqOptions;
  readonly #surroundings: ZmqSurroundings;
  readonly #intake: Intake;
  readonly #sockets: { close(): void }[] = [];
  /** May be known before the door is open. */
  readonly #followed = new Set<string>();
  #subscriber: Subscriber | undefined = undefined;
  #commands = 0;
  #freed: (() => void) | undefined = undefined;
  #replying: Promise<void> = Promise.resolve();

  constructor(options: ZmqOptions, surroundings: ZmqSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#intake = new Intake((items) => surroundings.takeItems(items));
  }

  /** Opens all doors, or none: then it says which one could not be had. */
  async open(): Promise<ZmqOpening> {
    const doors: Record<string, string> = {};
    const { pullSpec, subSpecs, commandSpec, ipcFileMode } = this.#options;
    // Each receives before it can be reached: what comes before would be lost.
    if (pullSpec !== undefined) {
      const pull = this.#keep(new Pull(settings));
      void this.#receive(pull, 'pull');
      const bound = await bindTo(pull, pullSpec, ipcFileMode);
      if (!bound.ok) return this.#fail('zmq-pull', pullSpec, bound);
      doors['zmq-pull'] = bound.endpoint;
    }
    if (subSpecs.length > 0) {
      const failure = await this.#openSubscriber(doors);
      if (failure !== undefined) return failure;
    }
    if (commandSpec !== undefined) {
      const router = this.#keep(new Router({ ...settings, sendHighWaterMark: COMMANDS_MAX }));
      void this.#obey(router);
      const bound = await bindTo(router, commandSpec, ipcFileMode);
      if (!bound.ok) return this.#fail('zmq-command', commandSpec, bound);
      doors['zmq-command'] = bound.endpoint;
    }
    return { ok: true, doors };
  }

  /** Publishers send what somebody follows; a channel is followed once, however many follow it. */
  follow(channel: string): void {
    if (this.#followed.has(channel)) return;
    this.#followed.add(channel);
    this.#subscriber?.subscribe(Buffer.from(channel));
  }

  unfollow(channel: string): void {
    if (this.#followed.delete(channel)) this.#subscriber?.unsubscribe(Buffer.from(channel));
  }

  close(): void {
    this.#subscriber = undefined;
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async #openSubscriber(doors: Record<string, string>): Promise<ZmqOpening | undefined> {
    const { subSpecs, isSubConnecting, ipcFileMode } = this.#options;
    const subscriber = this.#keep(
      new Subscriber({ ...settings, ...(isSubConnecting ? keepAlive : {}) }),
    );
    this.#subscriber = subscriber;
    for (const channel of this.#followed) subscriber.subscribe(Buffer.from(channel));
    void this.#receive(subscriber, 'sub');
    if (isSubConnecting) {
      for (const spec of subSpecs) {
        try {
          connectTo(subscriber, spec);
        } catch (error) {
          return this.#fail('zmq-sub', spec, troubleOf(error));
        }
      }
      return undefined;
    }
    const [spec = ''] = subSpecs;
    const bound = await bindTo(subscriber, spec, ipcFileMode);
    if (!bound.ok) return this.#fail('zmq-sub', spec, bound);
    doors['zmq-sub'] = bound.endpoint;
    return undefined;
  }

  async #receive(socket: Pull | Subscriber, input: ReceivedItem['input']): Promise<void> {
    // Ends when the socket is closed.
    for await (const frames of socket) {
      this.#surroundings.count(`zmq.${input}.received`, 1);
      await this.#intake.put({ type: 'itemReceived', input, frames });
    }
  }

  async #obey(router: Router): Promise<void> {
    for await (const frames of router) {
      // REQ puts an empty frame between the way back and what it says; DEALER may leave it out.
      const border = frames.findIndex((frame, at) => at > 0 && frame.length === 0);
      const at = border === -1 ? 1 : border + 1;
      const request = frames[at];
      if (request === undefined) {
        this.#surroundings.count('zmq.command.dropped', 1);
        continue;
      }
      void this.#run(router, frames.slice(0, at), request);
      while (this.#commands >= COMMANDS_MAX) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
      }
    }
  }

  async #run(router: Router, wayBack: Buffer[], request: Buffer): Promise<void> {
    this.#commands += 1;
    const reply = await this.#surroundings.obeyCommand(request);
    if (reply === undefined) this.#surroundings.count('zmq.command.unanswered', 1);
    else {
      // The library sends one message at a time.
      this.#replying = this.#replying.then(async () => {
        try {
          await router.send([...wayBack, Buffer.from(reply)]);
        } catch {
          // Whoever asked is gone, or the door is closed.
          this.#surroundings.count('zmq.command.unanswered', 1);
        }
      });
      await this.#replying;
    }
    this.#commands -= 1;
    this.#freed?.();
  }

  #keep<S extends { close(): void }>(socket: S): S {
    this.#sockets.push(socket);
    return socket;
  }

  #fail(door: ZmqDoor, spec: string, { code, message }: SpecTrouble): ZmqOpening {
    this.close();
    return { ok: false, door, spec, code, message };
  }
}
