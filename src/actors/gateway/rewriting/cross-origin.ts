// Cross-origin headers for routes that ask for them: what a browser needs to let a page of another origin read.
// Adds only what the origin has left open; refuses to judge who may read. Fetch standard, section "CORS protocol";
// which headers and which values is Pushpin's `auto_cross_origin`.

import {
  allHeaders,
  firstHeader,
  type HeaderList,
  splitElements,
} from '../../codecs/grip/header-list.ts';

/** Browsers show these to a page without being told. */
const simple: readonly string[] = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
];

/** [GRIP-CORS-1] [GRIP-CORS-3] */
export function addCrossOrigin(
  requestHeaders: HeaderList,
  responseHeaders: HeaderList,
): HeaderList {
  const method = firstHeader(requestHeaders, 'Access-Control-Request-Method') ?? '';
  const wanted = allHeaders(requestHeaders, 'Access-Control-Request-Headers').flatMap(
    splitElements,
  );
  const origin = firstHeader(requestHeaders, 'Origin') ?? '';
  // An empty value is a header that is not needed.
  const additions: HeaderList = [
    ['Access-Control-Allow-Methods', method === '' ? methodsDefault : method],
    ['Access-Control-Allow-Headers', wanted.filter((name) => name !== '').join(', ')],
    ['Access-Control-Expose-Headers', exposed(responseHeaders).join(', ')],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Origin', origin === '' ? '*' : origin],
    ['Access-Control-Max-Age', '3600'],
  ];
  const missing = additions.filter(
    ([name, value]) => value !== '' && firstHeader(responseHeaders, name) === undefined,
  );
  return [...responseHeaders, ...missing];
}

const methodsDefault = 'OPTIONS, HEAD, GET, POST, PUT, DELETE';

/** Each name once, as it was first written. */
function exposed(headers: HeaderList): readonly string[] {
  const names = new Map<string, string>();
  for (const [name] of headers) {
    const plain = name.toLowerCase();
    const isOwn = plain.startsWith('access-control-') || plain.startsWith('grip-');
    if (isOwn || simple.includes(plain)) continue;
    if (!names.has(plain)) names.set(plain, name);
  }
  return [...names.values()];
}
