// The origin behind the target `test`: says back what it hears, and follows the channels that its address names.
// It speaks GRIP like any other origin, so that whoever tries a gateway out tries the whole of it.
// Obeys spec/grip.md, section "Test target".

import { encodeAround, encodeText } from '../../../codecs/utf8-text.ts';
import type { HeaderList } from '../../../codecs/grip/header-list.ts';
import type { Target } from '../../../codecs/grip/routes-file.ts';
import type { MessageKind } from '../../../runtime/gateway-edges.ts';
import { plainPath } from '../../rewriting/plain-path.ts';
import { EXTENSIONS } from '../extension.ts';
import { type Close, hasRoom, hearWord, type Origin, type Session } from '../session.ts';

export class TestOrigin implements Origin {
  readonly target: Target;
  readonly #session: Session;
  #hasEnded = false;

  constructor(session: Session, target: Target) {
    this.#session = session;
    this.target = target;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What was said back and is not taken waits here. */
  get isPressed(): boolean {
    return !hasRoom(this.#session);
  }

  start(): void {
    const { path, search } = this.#session.admitted.request;
    if (pathWithin(plainPath(path), this.#session.admitted.route.pathPrefix) !== '/ws') {
      this.#hasEnded = true;
      this.#session.outcome = {
        kind: 'refused',
        status: 404,
        reason: 'Not Found',
        headers: [['Content-Type', 'text/plain']],
        body: encodeText('no such test resource\n'),
      };
      return;
    }
    const headers: HeaderList = this.#isGrip() ? [[EXTENSIONS, 'grip']] : [];
    this.#session.outcome = { kind: 'accepted', headers };
    if (!this.#isGrip()) return;
    for (const channel of channelsIn(search)) {
      const control = JSON.stringify({ type: 'subscribe', channel });
      const content = encodeText(`c:${control}`);
      hearWord(this.#session, { kind: 'message', type: 'text', content });
    }
  }

  hear(): void {}

  due(): void {}

  say(type: MessageKind, said: Uint8Array): void {
    if (this.#hasEnded) return;
    const isMessage = type === 'text' || type === 'binary';
    // Behind a prefix a client's words are never taken for the origin's instructions.
    const content = isMessage && this.#isGrip() ? encodeAround('m:', said, '') : said;
    hearWord(this.#session, { kind: 'message', type: type === 'ping' ? 'pong' : type, content });
  }

  close(close: Close): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    hearWord(this.#session, { kind: 'close', close });
  }

  leave(): void {
    this.#hasEnded = true;
  }

  refresh(): void {}

  pump(): void {}

  abandon(): void {
    this.#hasEnded = true;
  }

  #isGrip(): boolean {
    return !this.#session.admitted.route.noGrip;
  }
}

/** What the route chose the path by is not part of it, but for a last slash. */
function pathWithin(path: string, prefix: string): string {
  const removed = prefix.endsWith('/') ? prefix.length - 1 : prefix.length;
  const within = path.startsWith(prefix) ? path.slice(removed) : path;
  return within.length > 1 && within.endsWith('/') ? within.slice(0, -1) : within;
}

function channelsIn(search: string): readonly string[] {
  const named = new URLSearchParams(search).getAll('channel').filter((name) => name !== '');
  return named.length === 0 ? ['test'] : named;
}
