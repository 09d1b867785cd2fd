// What the gateway itself answers to SockJS clients: pages, and the words around frames.
// Refuses to know sessions. spec/websocket-over-http.md, section "SockJS".

import { firstHeader, type HeaderList } from '../../codecs/grip/header-list.ts';
import { reasonOf } from '../../codecs/grip/reasons.ts';
import { sha1 } from '../../codecs/sha1.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { GatewayCommand } from '../../runtime/gateway-edges.ts';

export type Answer = Omit<
  Extract<GatewayCommand, { readonly type: 'answer' }>,
  'type' | 'connection'
>;

/** [SOCKJS-1] */
export function sockJsAnswer(
  asked: HeaderList,
  status: number,
  type: string | undefined,
  body: string,
  more: HeaderList = [],
): Answer {
  const typed: HeaderList = type === undefined ? [] : [['Content-Type', type]];
  const isCached = firstHeader(more, 'Cache-Control') !== undefined;
  return {
    status,
    reason: reasonOf(status),
    headers: [
      ...typed,
      ...(isCached ? [] : NEVER_CACHED),
      ['Access-Control-Allow-Origin', firstHeader(asked, 'Origin') ?? '*'],
      ['Access-Control-Allow-Credentials', 'true'],
      ...more,
    ],
    body: encodeText(body),
  };
}

/** [SOCKJS-2] `entropy`: a number of 32 bits by chance. */
export function infoAnswer(asked: HeaderList, entropy: number): Answer {
  const info = { cookie_needed: false, entropy, origins: ['*:*'], websocket: true };
  return sockJsAnswer(asked, 200, 'application/json; charset=UTF-8', `${JSON.stringify(info)}\n`);
}

/** [SOCKJS-4] */
export function iframeAnswer(asked: HeaderList, scriptUrl: string): Answer {
  const page = `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${scriptUrl}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
`;
  const tag = `"${Array.from(sha1(encodeText(page)), hex).join('')}"`;
  const more: HeaderList = [
    ['Cache-Control', 'public, max-age=31536000'],
    ['ETag', tag],
  ];
  if (firstHeader(asked, 'If-None-Match') === tag)
    return sockJsAnswer(asked, 304, undefined, '', more);
  return sockJsAnswer(asked, 200, 'text/html; charset=UTF-8', page, more);
}

/** [SOCKJS-3] */
export function optionsAnswer(asked: HeaderList): Answer {
  return sockJsAnswer(asked, 204, undefined, '', [
    ['Access-Control-Allow-Methods', 'OPTIONS, GET, POST'],
    ['Access-Control-Allow-Headers', 'Content-Type'],
    ['Access-Control-Max-Age', '31536000'],
  ]);
}

/** [SOCKJS-5] */
export function notFoundAnswer(asked: HeaderList): Answer {
  return sockJsAnswer(asked, 404, 'text/plain', 'Not Found\n');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

const NEVER_CACHED: HeaderList = [
  ['Cache-Control', 'no-store, no-cache, must-revalidate, max-age=0'],
];
