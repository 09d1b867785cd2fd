// Plays about who somebody is: passwords and tokens, right and wrong ones, those that are judged too late and those that are
// never judged. Written from spec/hp.md, "LOGIN". Refuses to know how proofs are judged.

import type { House } from './house.ts';
import {
  comes,
  END,
  enters,
  goes,
  hears,
  homeOf,
  line,
  login,
  play,
  type Play,
  says,
  waits,
  welcome,
} from './play.ts';

const takesPasswords = ({ proof, isStrict }: House): boolean => proof === 'password' || !isStrict;
const asPassword = (house: House): House => ({ ...house, proof: 'password' });
const wrong = (user: string): string =>
  line('LOGIN', { user, auth: { method: 'password', password: 'wrong' } });
const FAILED = 'ERROR AUTH_FAILED';
const offline = (user: string): string =>
  `PRESENCE_STATE users=[{"user":"${user}","status":"offline","sessions":0}]`;

export const proofPlays: readonly Play[] = [
  play(
    'who-are-you',
    (house) => [
      ...[comes('a', '10.7.1.1'), says('a', line('HELLO') + line('LOGIN', { user: 'bare' }))],
      hears(
        'a',
        `HELLO_OK version=1.0 caps=${CAPS} auth=${waysOf(house)}`,
        'ERROR AUTH_REQUIRED payload.auth',
      ),
      ...[says('a', login({ ...house, proof: otherThan(house) }, 'bare') + line('WHOAMI'))],
      hears('a', 'ERROR AUTH_METHOD payload.auth', 'ERROR NOT_LOGGED_IN'),
      ...[
        says('a', line('LOGIN', { user: 'bare' })),
        hears('a', 'ERROR AUTH_REQUIRED payload.auth fatal', END),
      ],
    ],
    ({ isStrict, proof }) => isStrict && proof !== 'none',
  ),
  play(
    'secrets-in-the-clear',
    (house) => [
      ...(['password', 'token'] as const).flatMap((proof, place) => [
        ...[
          comes(`${proof}s`, `10.7.2.${place}`),
          says(`${proof}s`, login({ ...house, proof }, 'clear')),
        ],
        hears(`${proof}s`, 'ERROR AUTH_METHOD payload.auth'),
      ]),
    ],
    ({ isPlain }) => !isPlain,
  ),
  play(
    'guesses',
    (house) => {
      const [here, there] = ['10.7.3.1', '10.7.3.2'];
      const isRight = login(asPassword(house), 'guessed');
      return [
        ...[comes('a', here), says('a', wrong('guessed')), hears('a', FAILED)],
        ...[
          says('a', wrong('Guessed') + isRight),
          hears('a', FAILED, 'ERROR RATE_LIMITED fatal retry_after=58..60', END),
        ],
        ...[
          comes('b', here),
          says('b', isRight),
          hears('b', 'ERROR RATE_LIMITED retry_after=58..60'),
        ],
        ...[says('b', login(asPassword(house), 'other')), hears('b', welcome('other'))],
        ...[comes('c', there), says('c', wrong('guessed')), hears('c', FAILED)],
        ...[says('c', isRight), hears('c', welcome('guessed'))],
        ...[
          comes('d', there),
          says('d', login(asPassword(house), 'absent.one')),
          hears('d', FAILED),
        ],
      ];
    },
    (house) => takesPasswords(house) && house.isPlain,
  ),
  play(
    'as-the-file-writes-it',
    (house) => [
      ...[
        comes('a', homeOf(asPassword(house), 'spelt')),
        says('a', login(asPassword(house), 'spelt.x')),
      ],
      ...[hears('a', welcome('Spelt.x')), says('a', line('BYE')), hears('a', 'BYE', END)],
    ],
    takesPasswords,
  ),
  play(
    'judged-too-late',
    (house) => [
      ...[
        comes('a', homeOf(asPassword(house), 'late')),
        says('a', login(asPassword(house), 'late.a')),
      ],
      ...[hears('a', 'ERROR TIMEOUT'), says('a', login(asPassword(house), 'early.a'))],
      ...[hears('a', welcome('early.a')), waits(900), says('a', line('WHOAMI'))],
      hears('a', 'WHOAMI_OK user=early.a status=online caps=[] rooms=[]'),
      ...[says('a', line('PRESENCE_QUERY', { users: ['late.a'] })), hears('a', offline('late.a'))],
    ],
    takesPasswords,
  ),
  play(
    'judged-as-another',
    (house) => {
      const from = homeOf(asPassword(house), 'late');
      const enter = (user: string): string => login(asPassword(house), user);
      return [
        ...[
          comes('a', from),
          says('a', enter('late.b')),
          comes('b', from),
          says('b', wrong('late.c')),
        ],
        ...[hears('a', 'ERROR TIMEOUT'), hears('b', 'ERROR TIMEOUT'), waits(330)],
        // The verdict comes while another one is waited for.
        ...[says('a', enter('slow.b')), says('b', enter('slow.c'))],
        ...[hears('a', welcome('slow.b')), hears('b', welcome('slow.c'))],
      ];
    },
    takesPasswords,
  ),
  play(
    'judged-just-in-time',
    (house) => [
      ...[comes('a', homeOf(asPassword(house), 'slow')), waits(2_800)],
      ...[says('a', login(asPassword(house), 'slow.d')), hears('a', welcome('slow.d'))],
      ...[waits(400), says('a', line('PING')), hears('a', 'PONG')],
    ],
    takesPasswords,
  ),
  play(
    'never-judged',
    (house) => [
      ...[comes('a', homeOf(asPassword(house), 'never')), waits(1_000)],
      ...[
        says('a', login(asPassword(house), 'never.a')),
        waits(1_300),
        hears('a', 'ERROR TIMEOUT'),
      ],
      hears('a', 'ERROR LOGIN_TIMEOUT ref=null fatal', END),
    ],
    takesPasswords,
  ),
  play(
    'gone-before-the-verdict',
    (house) => [
      ...enters(house, 'b', 'witness'),
      ...[
        says('b', line('PRESENCE_SUBSCRIBE', { users: ['slow.a'] })),
        hears('b', offline('slow.a')),
      ],
      ...[
        comes('a', homeOf(asPassword(house), 'slow')),
        says('a', login(asPassword(house), 'slow.a')),
      ],
      ...[goes('a'), waits(600), says('b', line('PRESENCE_QUERY', { users: ['slow.a'] }))],
      hears('b', offline('slow.a')),
      // What is said behind a login waits for it.
      ...[comes('a', homeOf(asPassword(house), 'slow'))],
      says(
        'a',
        login(asPassword(house), 'slow.a') +
          line('WHOAMI', {}, 'w1') +
          login(asPassword(house), 'x'),
      ),
      hears(
        'a',
        welcome('slow.a'),
        'WHOAMI_OK user=slow.a status=online caps=[] rooms=[]',
        'ERROR ALREADY_LOGGED_IN',
      ),
      hears('b', 'PRESENCE_EVENT user=slow.a status=online'),
    ],
    takesPasswords,
  ),
  play('nobody-of-that-name', (house) => [
    ...enters(house, 'a', 'asker'),
    says('a', line('DIRECT_MESSAGE', { to: 'absent.two', body: 'b' })),
    hears('a', isKnownToAll(house) ? 'ERROR NO_SUCH_USER payload.to' : ackOf(house)),
    ...[
      says('a', line('DIRECT_MESSAGE', { to: 'known', body: 'b' }, 'q1')),
      hears('a', ackOf(house)),
    ],
  ]),
  play(
    'tokens-of-others',
    (house) => {
      const asToken: House = { ...house, proof: 'token' };
      const token = encodeURIComponent(
        JSON.stringify({ subject: 'else', subscribe: [], publish: [] }),
      );
      const others = line('LOGIN', { user: 'bearer', auth: { method: 'token', token } });
      return [
        ...[
          comes('a', homeOf(asToken, 'bearer')),
          says('a', others + others),
          hears('a', FAILED, FAILED),
        ],
        ...[says('a', login(asToken, 'bearer')), hears('a', welcome('bearer')), goes('a')],
        ...[comes('b', homeOf(asToken, 'bearer')), says('b', others + others + others)],
        hears('b', FAILED, FAILED, `${FAILED} fatal`, END),
      ];
    },
    ({ proof, isStrict }) => proof === 'token' || !isStrict,
  ),
];

function ackOf({ isLenient }: House): string {
  return `ACK ${isLenient ? 'id=q1 ' : ''}status=queued`;
}

function isKnownToAll({ proof, isStrict }: House): boolean {
  return isStrict && proof === 'password';
}

function otherThan({ proof }: House): House['proof'] {
  return proof === 'password' ? 'token' : 'password';
}

export function waysOf({ proof, isStrict }: House): string {
  return JSON.stringify(isStrict ? [proof] : ['password', 'none', 'token']);
}

export const CAPS = '["ack","echo","receipts","resume"]';
