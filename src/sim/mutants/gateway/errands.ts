// Planted bugs in what is asked for once and answered once: scripts, routes, headers on their way, pages of SockJS, and
// what operators and publishers say to the gateway. Errands find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';
const breaks = ['errands-answered'];

export const errandMutants: readonly Mutant[] = [
  {
    ...{ name: 'secure-links-in-the-open', dialect, breaks, requirements: ['GRIP-NEXT-3'] },
    file: 'gateway/requests/links.ts',
    find: "url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)",
    replace: "url.port === '' ? 80 : Number(url.port)",
    story: 'A link to another host over TLS is asked at the port of those that are not.',
  },
  {
    ...{ name: 'heads-are-streamed-to', dialect, breaks, requirements: ['GRIP-HOLD-7'] },
    file: 'gateway/requests/answering.ts',
    find: "if ((instruct.hold === 'stream' || instruct.next !== undefined) && !isHead(state))",
    replace: "if (instruct.hold === 'stream' || instruct.next !== undefined)",
    story: 'Whoever wants a head alone is held as if he waited for what comes behind it.',
  },
  {
    ...{ name: 'scripts-method-not-told', dialect, breaks, requirements: ['GRIP-JSONP-2'] },
    file: 'gateway/rewriting/jsonp.ts',
    find: "const method = query.has('_method') ? query.take('_method') : rules.defaultMethod;",
    replace: 'const method = rules.defaultMethod;',
    story:
      'A page asks for another method in its query, and its origin is asked as the route says.',
  },
  {
    ...{ name: 'scripts-with-line-ends', dialect, breaks, requirements: ['GRIP-JSONP-1'] },
    file: 'gateway/rewriting/jsonp.ts',
    find: String.raw`.replaceAll('\u2028', '\\u2028')`,
    replace: '',
    story: 'A line end of Unicode ends the text of an older page’s script.',
  },
  {
    ...{ name: 'basic-line-ends-stay', dialect, breaks, requirements: ['GRIP-JSONP-4'] },
    file: 'gateway/rewriting/jsonp.ts',
    find: 'if (body.at(-1) !== 0x0a) return body;',
    replace: 'return body;',
    story: 'The line end of a body comes before the bracket that ends the call.',
  },
  {
    ...{ name: 'later-address-forgotten', dialect, breaks, requirements: ['GRIP-FWD-1'] },
    file: 'gateway/rewriting/forward-headers.ts',
    find: 'kept = came.slice(Math.max(came.length - rule.keep, 0));',
    replace: 'kept = came.slice(0, rule.keep);',
    story: 'Of the addresses that came the first ones are kept, which anybody may have made up.',
  },
  {
    ...{ name: 'loops-not-seen', dialect, breaks, requirements: ['GRIP-FWD-3'] },
    file: 'gateway/rewriting/forward-headers.ts',
    find: "const passed = [...elementsOf(headers, 'CDN-Loop'), settings.cdnLoop];",
    replace: 'const passed = [settings.cdnLoop];',
    story: 'Who was passed before is forgotten, so a loop is seen by nobody.',
  },
  {
    ...{ name: 'marked-again', dialect, breaks, requirements: ['GRIP-REWRITE-6'] },
    file: 'gateway/rewriting/forward-headers.ts',
    find: 'return needMark.includes(name.toLowerCase()) ? [] : [[`${mark}${name}`, value]];',
    replace: 'return [[`${mark}${name}`, value]];',
    story: 'What only a gateway may have marked is marked for anybody.',
  },
  {
    ...{ name: 'everybody-trusted', dialect, breaks, requirements: ['GRIP-TRUST-2'] },
    file: 'gateway/gateway-door.actor.ts',
    find: 'isTrusted: isValid }',
    replace: 'isTrusted: true }',
    story: 'A signature is looked at, and whatever it is its bearer is taken for a gateway.',
  },
  {
    ...{ name: 'shortest-prefix-wins', dialect, breaks, requirements: ['GRIP-ROUTE-4'] },
    file: 'codecs/grip/routes-file.ts',
    find: 'return later.proto !== undefined;',
    replace: 'return later.proto === undefined;',
    story: 'A route for one kind of request gives way to one for all.',
  },
  {
    ...{ name: 'test-with-its-prefix', dialect, breaks, requirements: ['GRIP-TARGET-6'] },
    file: 'gateway/requests/test-origin.ts',
    find: 'asked.slice(route.pathPrefix.length)',
    replace: 'asked',
    story: 'The path of the built-in origin is looked for with what the route took.',
  },
  {
    ...{ name: 'pages-of-anybody', dialect, breaks, requirements: ['SOCKJS-1'] },
    file: 'gateway/sockjs/sockjs-answers.ts',
    find: "firstHeader(asked, 'Origin') ?? '*'",
    replace: "'*'",
    story: 'A page that comes with its cookies may not read an answer that is for all.',
  },
  {
    ...{ name: 'half-a-digest', dialect, breaks, requirements: ['SOCKJS-4'] },
    file: 'codecs/sha1.ts',
    find: '? ((b & c) | (~b & d))',
    replace: '? ((b & c) | (b & d))',
    story: 'One letter is missing, and no test of a tag knows what it should be.',
  },
  {
    ...{ name: 'anything-called-back', dialect, breaks, requirements: ['SOCKJS-15'] },
    file: 'gateway/sockjs/sockjs.actor.ts',
    find: String.raw`!/^[\w$.]{1,256}$/.test(callback)`,
    replace: "callback === ''",
    story: 'A page can be made to run what stands in a link.',
  },
  {
    ...{ name: 'commands-without-their-number', dialect, breaks, requirements: ['GRIP-CMD-6'] },
    file: 'gateway/control.actor.ts',
    find: 'encodeTnetstring(id === undefined ? fields : { id, ...fields })',
    replace: 'encodeTnetstring(fields)',
    story: 'Who commands several things at once cannot tell their replies apart.',
  },
  {
    ...{ name: 'last-known-type-loses', dialect, breaks, requirements: ['GRIP-CTRL-5'] },
    file: 'gateway/control-answers.ts',
    find: "format = 'json';",
    replace: "format ??= 'json';",
    story: 'The first type that is known decides, as anybody but Pushpin would have it.',
  },
  {
    ...{ name: 'pairs-of-any-length', dialect, breaks, requirements: ['GRIP-PUB-1'] },
    file: 'codecs/grip/fields.ts',
    find: 'if (item.length !== 2) return',
    replace: 'if (item.length > 2) return',
    story: 'A header without a value is published, and dies where it is written.',
  },
  {
    ...{ name: 'copies-are-shared', dialect, breaks, requirements: ['GRIP-PATCH-1'] },
    file: 'codecs/grip/json-patch.ts',
    find: 'return found.ok ? setAt(root, path, copier.copy(found.value)) : found;',
    replace: 'return found.ok ? setAt(root, path, found.value) : found;',
    story: 'What was copied is one thing in two places, and a later step changes both.',
  },
  {
    ...{ name: 'tildes-undone-first', dialect, breaks, requirements: ['GRIP-PATCH-1'] },
    file: 'codecs/grip/json-patch.ts',
    find: "part.replaceAll('~1', '/').replaceAll('~0', '~')",
    replace: "part.replaceAll('~0', '~')",
    story: 'Half of the escapes of a pointer are undone, and a name with a slash is not found.',
  },
  {
    ...{ name: 'lists-added-to', dialect, breaks, requirements: ['GRIP-PATCH-2'] },
    file: 'codecs/grip/json-patch.ts',
    find: 'else container[Number(step)] = value;',
    replace: 'else container.splice(Number(step), 0, value);',
    story: 'As RFC 6902 has it, and Pushpin has not.',
  },
  {
    ...{ name: 'places-from-one', dialect, breaks, requirements: ['GRIP-CONF-3'] },
    file: 'gateway/rewriting/templates.ts',
    find: 'return { ok: false, problem: `${value.problem} at position ${letterAt}` };',
    replace: 'return { ok: false, problem: `${value.problem} at position ${letterAt + 1}` };',
    story: 'Whoever debugs a template is told of the letter behind the wrong one.',
  },
];
