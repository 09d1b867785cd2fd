// The origin that is built in: a route's target `test` shows that the gateway works before there is an application.
// It answers with instructs like any other. Refuses to know who asks. Obeys spec/grip.md, section "Targets".

import type { HeaderList } from '../../codecs/grip/header-list.ts';
import { reasonOf } from '../../codecs/grip/reasons.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { Admitted } from '../forward.ts';
import type { Answer } from './answers.ts';

export function testAnswer({ request, route }: Admitted): Answer {
  const whole = request.path.startsWith(route.pathPrefix)
    ? `/${request.path.slice(route.pathPrefix.length)}`.replace(/^\/\//, '/')
    : request.path;
  const path = whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
  const named = new URLSearchParams(request.search).getAll('channel');
  const channels = (named.length === 0 ? ['test'] : named).map(
    (name) => ['Grip-Channel', JSON.stringify(name)] as const,
  );
  switch (path) {
    case '/':
      return said(200, 'Hello from the Pushpin test handler!\n', []);
    case '/response':
      return said(200, 'nothing for now\n', [['Grip-Hold', 'response'], ...channels]);
    case '/stream':
      return said(200, '[stream opened]\n', [['Grip-Hold', 'stream'], ...channels]);
    default:
      return said(404, 'no such test resource\n', []);
  }
}

function said(status: number, text: string, headers: HeaderList): Answer {
  return {
    status,
    reason: reasonOf(status),
    headers: [['Content-Type', 'text/plain'], ...headers],
    body: encodeText(text),
  };
}
