// Planted bugs at the door of a chat: in what is said before anybody is in, and in how lines and payloads are read.
// Calls find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';
const breaks = ['calls-answered'];

export const callMutants: readonly Mutant[] = [
  {
    ...{ name: 'pages-of-the-web-welcome', dialect, breaks, requirements: ['HP-FRAME-7'] },
    file: 'chat/session/hearing.ts',
    find: 'if (isFirst && looksLikeHttp(taken.bytes)) {',
    replace: 'if (!isFirst && looksLikeHttp(taken.bytes)) {',
    story: 'A page that posts to this port goes on, line by line.',
  },
  {
    ...{
      name: 'strangers-may-ask',
      dialect,
      breaks: ['hp-answers', ...breaks],
      requirements: ['HP-SESS-5'],
    },
    file: 'chat/session/hearing.ts',
    find: 'if (!isIn && !beforeLogin.includes(envelope.type)) {',
    replace: 'if (isIn && !beforeLogin.includes(envelope.type)) {',
    story: 'Whoever has not logged in is taken for somebody, and everybody else for a stranger.',
  },
  {
    ...{ name: 'versions-of-any-kind', dialect, breaks, requirements: ['HP-HELLO-1'] },
    file: 'chat/session/arriving.ts',
    find: "!versions.some((version) => version.startsWith('1.'))",
    replace: "!versions.every((version) => version.startsWith('1.'))",
    story: 'Who speaks two versions, and this one among them, is sent away.',
  },
  {
    ...{ name: 'tokens-of-anybody', dialect, breaks, requirements: ['HP-LOGIN-4'] },
    file: 'chat/session/arriving.ts',
    find: "userKey(verdict.subject ?? '') === userKey(pending.user);",
    replace: 'verdict.subject !== undefined;',
    story: 'A token that is good lets its bearer in under any name.',
  },
  {
    ...{ name: 'logins-without-end', dialect, breaks, requirements: ['HP-LOGIN-6'] },
    file: 'chat/session/arriving.ts',
    find: 'if (session.failedLogins < session.chat.options.failedLoginsMax)',
    replace: 'if (session.failedLogins <= session.chat.options.failedLoginsMax)',
    story: 'One proof more than may be can be tried.',
  },
  {
    ...{ name: 'wardens-as-written', dialect, breaks, requirements: ['HP-STATS-1'] },
    file: 'chat/session/session.ts',
    find: 'name.toLowerCase() === who?.user.toLowerCase()',
    replace: 'name === who?.user',
    story: 'Names have no case, but where it is asked who may see the figures.',
  },
  {
    ...{ name: 'counted-too-soon', dialect, breaks, requirements: ['HP-STATS-1'] },
    file: 'chat/session/looking.ts',
    find: 'pending.missing = chat.shards * 2;',
    replace: 'pending.missing = chat.shards * 2 + 1;',
    story: 'One count more is waited for than there are.',
  },
  {
    ...{ name: 'doubles-by-their-spelling', dialect, breaks, requirements: ['HP-JSON-5'] },
    file: 'codecs/hp/strict-json.ts',
    find: "source.includes('\\\\') ?",
    replace: "source.includes('?') ?",
    story: 'A key that is written in two ways stands twice, and the second one counts.',
  },
  {
    ...{ name: 'half-characters-pass', dialect, breaks, requirements: ['HP-JSON-6'] },
    file: 'codecs/hp/strict-json.ts',
    find: "return refused('INVALID_STRING', 'The text has half a surrogate pair.', place);",
    replace: 'return undefined;',
    story: 'Half a character is kept, and everybody reads something else in its place.',
  },
  {
    ...{
      name: 'either-or-neither',
      dialect,
      breaks: ['hp-answers', ...breaks],
      requirements: ['HP-HIST-1'],
    },
    file: 'codecs/hp/payloads.ts',
    find: 'if (hasRoom && hasOther) fields.refuse',
    replace: 'if (!hasRoom && hasOther) fields.refuse',
    story: 'Who gives both a room and a user is answered about one of them.',
  },
];
