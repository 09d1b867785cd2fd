// Judges what several people in one room have written down: nothing that was stored is missing, nor unheard by anybody,
// nothing came twice, and everybody heard one order. Knows no nodes and no sockets; it is shown lies in test/unit/talk-verdict.test.ts.

export interface Acked {
  readonly id: string;
  readonly status: string;
}

export interface Heard {
  readonly from: string;
  readonly id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly isDelayed: boolean;
}

export interface Story {
  readonly user: string;
  readonly acked: readonly Acked[];
  readonly heard: readonly Heard[];
}

export interface Page {
  readonly node: string;
  /** What a node remembers of the room, oldest first. */
  readonly messages: readonly Pick<Heard, 'from' | 'id' | 'epoch' | 'seq'>[];
}

/** Sentences, one for each mistake; none when all is well. */
export function judge(stories: readonly Story[], pages: readonly Page[]): readonly string[] {
  return [
    ...stories.flatMap(twice),
    ...stories.flatMap(disorder),
    ...stories.flatMap((story) => unheard(story, stories)),
    ...contradictions(stories),
    ...pages.flatMap((page) => lost(stories, page)),
    ...pages.flatMap(again),
    ...differences(pages),
  ];
}

const nameOf = ({ from, id }: Pick<Heard, 'from' | 'id'>): string => `${from} ${id}`;

function twice({ user, heard }: Story): string[] {
  const names = heard.map(nameOf);
  return names
    .filter((name, at) => names.indexOf(name) !== at)
    .map((name) => `${user} heard ${name} twice`);
}

/** Places rise; but what is told late, because two homes had said it at once, rises among its like. */
function disorder({ user, heard }: Story): string[] {
  return heard.flatMap((one, at) => {
    const isLike = ({ epoch }: Heard): boolean => !one.isDelayed || epoch === one.epoch;
    const before = heard.slice(0, at).filter(isLike).toSorted(byPlace).at(-1);
    if (before === undefined || isBefore(before, one)) return [];
    return `${user} heard ${nameOf(one)} (${one.epoch}:${one.seq}) behind ${before.epoch}:${before.seq}`;
  });
}

function byPlace(one: Heard, other: Heard): number {
  return isBefore(one, other) ? -1 : 1;
}

/** All sat there all the while: what was said to be stored has come to everybody but who said it. */
function unheard({ user, heard }: Story, stories: readonly Story[]): string[] {
  const names = new Set(heard.map(nameOf));
  return stories.flatMap(({ user: from, acked }) =>
    acked.flatMap(({ id, status }) =>
      from === user || status !== 'stored' || names.has(nameOf({ from, id }))
        ? []
        : `${user} never heard ${from} ${id}, which was stored`,
    ),
  );
}

function isBefore(one: Heard, other: Heard): boolean {
  return one.epoch === other.epoch ? one.seq < other.seq : one.epoch < other.epoch;
}

/** A message has one place, for all. */
function contradictions(stories: readonly Story[]): string[] {
  const places = new Map<string, string>();
  return stories.flatMap(({ user, heard }) =>
    heard.flatMap((one) => {
      const place = `${one.epoch}:${one.seq}`;
      const known = places.get(nameOf(one)) ?? place;
      places.set(nameOf(one), known);
      return known === place ? [] : `${user} heard ${nameOf(one)} at ${place}, not at ${known}`;
    }),
  );
}

function lost(stories: readonly Story[], { node, messages }: Page): string[] {
  const there = new Set(messages.map(nameOf));
  return stories.flatMap(({ user, acked }) =>
    acked.flatMap(({ id, status }) =>
      status === 'stored' && !there.has(nameOf({ from: user, id }))
        ? `${node} has lost ${user} ${id}, which was stored`
        : [],
    ),
  );
}

function again({ node, messages }: Page): string[] {
  return twice({ user: node, acked: [], heard: messages as readonly Heard[] });
}

function differences(pages: readonly Page[]): string[] {
  const [first] = pages;
  if (first === undefined) return [];
  const text = ({ messages }: Page): string => messages.map(nameOf).join();
  return pages
    .filter((page) => text(page) !== text(first))
    .map(({ node }) => `${node} remembers otherwise than ${first.node}`);
}
