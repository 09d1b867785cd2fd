// What the control door answers and whether it may: paths, methods, the Accept rule and the texts, which are Pushpin's
// to the letter because publishers' libraries and scripts look for them.
// Refuses to know items and channels. Obeys spec/grip.md, section "Publishing".

import type { HeaderList } from '../codecs/grip/header-list.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
}

export type ControlWish =
  | { readonly kind: 'publish' | 'recover'; readonly wantsJson: boolean }
  | { readonly kind: 'answer'; readonly answer: ControlAnswer };

/**
 * [GRIP-CTRL-1] [GRIP-CTRL-3] [GRIP-CTRL-4] What a request asks for, or the answer it gets at once. `target` is raw:
 * a query makes it another path.
 */
export function readWish(method: string, target: string, accept: string | undefined): ControlWish {
  const format = formatOf(accept);
  if (format === undefined) {
    return now(406, 'Not Acceptable. Supported formats are text/plain and application/json.\n');
  }
  if (target === '/') return now(200, 'Pushpin API\n');
  const path = target.endsWith('/') ? target.slice(0, -1) : target;
  if (path !== '/publish' && path !== '/recover') return now(404, 'Not Found\n');
  if (method !== 'POST') return now(405, `Method not allowed: ${method}.\n`, [['Allow', 'POST']]);
  return { kind: path === '/publish' ? 'publish' : 'recover', wantsJson: format === 'json' };
}

/** A success is said in the format asked for; mistakes are always text. */
export function done(message: 'Published' | 'Updated', wantsJson: boolean): ControlAnswer {
  const headers: HeaderList = [['Content-Type', wantsJson ? 'application/json' : 'text/plain']];
  return { status: 200, headers, body: wantsJson ? `{"message":"${message}"}\n` : `${message}\n` };
}

export function refusal(message: string): ControlAnswer {
  return textAnswer(400, `${message}\n`);
}

/** [GRIP-CTRL-5] The last type that is known wins, whatever its weight; no header at all means text. */
function formatOf(accept: string | undefined): 'text' | 'json' | undefined {
  if (accept === undefined) return 'text';
  let format: 'text' | 'json' | undefined = undefined;
  for (const element of accept.split(',')) {
    const [type = ''] = element.split(';', 1);
    switch (type.trim()) {
      case 'text/plain':
      case 'text/*':
      case '*/*':
      case '*':
        format = 'text';
        break;
      case 'application/json':
      case 'application/*':
        format = 'json';
        break;
      default:
    }
  }
  return format;
}

function now(status: number, body: string, headers: HeaderList = []): ControlWish {
  return { kind: 'answer', answer: textAnswer(status, body, headers) };
}

function textAnswer(status: number, body: string, headers: HeaderList = []): ControlAnswer {
  return { status, headers: [...headers, ['Content-Type', 'text/plain']], body };
}
