// Bugs of bytes: frames and characters cut anywhere, masks, lengths, slices of JSON, events of a stream.

import type { Mutant } from './mutant.ts';

export const codecs: readonly Mutant[] = [
  {
    name: 'events-end-with-half-a-line-end',
    dialect: 'gateway',
    breaks: ['origins-asked'],
    requirements: ['WOH-EVENT-1'],
    file: 'codecs/grip/ws-events.ts',
    find: '    body[at + 1] = lineFeed;\n',
    replace: '',
    story:
      'Behind the content of an event there is a byte of nothing in the place of its line feed.',
  },
  {
    name: 'split-head-begins-where-the-last-one-ended',
    breaks: ['isolation', 'conversation', 'liveness', 'census'],
    requirements: ['WS-FRAME-1'],
    file: 'codecs/websocket-reader.ts',
    find: '      this.headFilled = 0;\n',
    replace: '',
    story:
      'The second frame whose head is cut in two is read on from where the first one’s head was full.',
  },
  {
    name: 'mask-not-turned',
    breaks: ['isolation', 'conversation'],
    requirements: ['WS-FRAME-1'],
    file: 'codecs/websocket-reader.ts',
    find: 'turnMask(this.mask, this.received),',
    replace: 'this.mask,',
    story: 'Each piece of a payload is unmasked from the first byte of the mask.',
  },
  {
    name: 'character-cut-in-two',
    breaks: ['isolation'],
    requirements: ['WS-FRAME-1', 'WS-FRAME-8'],
    file: 'codecs/websocket-reader.ts',
    find: 'message.utf8 === utf8Broken || (whole && last && message.utf8 !== utf8Between)',
    replace: 'message.utf8 !== utf8Between',
    story: 'A piece that ends inside a character is taken for broken text.',
  },
  {
    name: 'utf8-check-forgets-where-it-stood',
    breaks: ['isolation'],
    requirements: ['WS-FRAME-8'],
    file: 'codecs/websocket-reader.ts',
    find: 'this.utf8 = continueUtf8(this.utf8, this.bytes, from, to);',
    replace: 'this.utf8 = continueUtf8(utf8Between, this.bytes, from, to);',
    story: 'Each piece is checked as if it were a text of its own.',
  },
  {
    name: 'length-126-refused',
    breaks: ['isolation'],
    requirements: ['WS-FRAME-6'],
    file: 'codecs/websocket-reader.ts',
    find: "if (length < 126) return void this.fail(1002, 'length not in its shortest form', sink);",
    replace:
      "if (length <= 126) return void this.fail(1002, 'length not in its shortest form', sink);",
    story: 'Off by one: a message of exactly 126 bytes breaks the framing.',
  },
  {
    name: 'length-126-in-short-form',
    breaks: ['conversation', 'isolation', 'liveness'],
    requirements: ['WS-FRAME-6'],
    file: 'codecs/websocket-frames.ts',
    find: 'const extended = size < 126 ? 0 :',
    replace: 'const extended = size <= 126 ? 0 :',
    story:
      'Off by one: a payload of 126 bytes is announced by a length that means "see the next two bytes".',
  },
  {
    name: 'length-65536-in-two-bytes',
    breaks: ['close-codes', 'conversation', 'isolation', 'liveness'],
    requirements: ['WS-FRAME-1'],
    file: 'codecs/websocket-frames.ts',
    find: 'size < 65_536 ? 2 : 8;',
    replace: 'size <= 65_536 ? 2 : 8;',
    story: 'Off by one: a payload of 65,536 bytes is announced as an empty one.',
  },
  {
    name: 'large-length-upside-down',
    breaks: ['close-codes', 'conversation', 'isolation', 'liveness'],
    requirements: ['WS-FRAME-1'],
    file: 'codecs/websocket-reader.ts',
    find: 'length = length * 256 + (source[next] as number);',
    replace: 'length += (source[next] as number) << ((next & 3) << 3);',
    story:
      'A length of eight bytes is read with the wrong end first: no message above 65,535 bytes comes through.',
  },
  {
    name: 'control-frame-ends-the-message',
    breaks: ['close-codes', 'isolation', 'conversation'],
    requirements: ['WS-FRAME-4'],
    file: 'codecs/websocket-reader.ts',
    find: "    else if (opcode === 10) sink.frameReceived({ type: 'pong', payload });\n",
    replace:
      "    else if (opcode === 10) {\n      this.message = undefined;\n      sink.frameReceived({ type: 'pong', payload });\n    }\n",
    story:
      'A pong between two fragments throws the message away, and its next fragment continues nothing.',
  },
  {
    name: 'split-control-loses-its-beginning',
    breaks: ['conversation'],
    requirements: ['WS-FRAME-1', 'BROKER-KEEP-2'],
    file: 'codecs/websocket-reader.ts',
    find: 'payload.set(chunk.subarray(at, end), this.received);',
    replace: 'payload.set(chunk.subarray(at, end), 0);',
    story:
      'The second piece of a ping is written over the first: the pong carries another payload.',
  },
  {
    name: 'message-kept-with-its-room',
    breaks: ['mistakes', 'conversation', 'liveness'],
    requirements: ['WS-FRAME-1'],
    file: 'codecs/websocket-reader.ts',
    find: 'return this.filled === this.bytes.length ? this.bytes : this.bytes.slice(0, this.filled);',
    replace: 'return this.bytes;',
    story: 'A fragmented message is handed on with the spare room behind it.',
  },
  {
    name: 'frames-share-a-buffer',
    breaks: ['conversation', 'integrity', 'offset-steps', 'crash'],
    requirements: ['BROKER-ENV-1', 'BROKER-DATA-1'],
    file: 'codecs/utf8-text.ts',
    find: '  const whole = take(afterAt + after.length);',
    replace: `  const shared = encodeAround as { room?: Uint8Array };
  shared.room ??= new Uint8Array(1_048_576);
  const whole = shared.room.subarray(0, afterAt + after.length);`,
    story:
      'Short frames are all made in one buffer to save allocations: what waits in a queue is written over.',
  },
  {
    name: 'latin-for-ascii',
    breaks: ['conversation', 'integrity'],
    requirements: ['BROKER-FRAME-1'],
    file: 'codecs/utf8-text.ts',
    find: '  return all < 0x80;',
    replace: '  return all < 0x100;',
    story: 'Texts of Latin letters are written one byte to a letter, which is no UTF-8.',
  },
  {
    name: 'data-made-again',
    breaks: ['integrity'],
    requirements: ['BROKER-DATA-1', 'JSON-3'],
    file: 'codecs/broker.ts',
    find: 'return { ok: true, value: { topic: topic.value, id, data } };',
    replace:
      "return { ok: true, value: { topic: topic.value, id, data: encodeText(JSON.stringify(json.value['data'])) } };",
    story: 'The data is parsed and written anew: 170.50 becomes 170.5.',
  },
  {
    name: 'escaped-quote-ends-the-string',
    breaks: ['liveness', 'conversation'],
    requirements: ['JSON-3'],
    file: 'codecs/json-slice.ts',
    find: 'at += byte === backslash ? 2 : 1;',
    replace: 'at += 1;',
    story:
      'The slicer takes an escaped quote for the end of a string, and does not find the data behind it.',
  },
  {
    name: 'brackets-in-strings-counted',
    breaks: ['integrity', 'conversation', 'liveness'],
    requirements: ['JSON-3'],
    file: 'codecs/json-slice.ts',
    find: `      if (shape === opening) depth += 1;
      else if (shape === closing) {
        depth -= 1;
        if (depth === 0) return at + 1;
      }
    }
  }
  return size;`,
    replace: `      if (shape === opening) depth += 1;
      else if (shape === closing) {
        depth -= 1;
        if (depth === 0) return at + 1;
      }
    } else if (byte === 0x5d) depth -= 1;
  }
  return size;`,
    story:
      'A bracket inside a string closes the value around it: the slice of the data ends too late.',
  },
  {
    name: 'last-duplicate-loses',
    breaks: ['conversation', 'integrity'],
    requirements: ['JSON-3', 'BROKER-REQ-5'],
    file: 'codecs/json-slice.ts',
    find: '    if (matches) {\n      start = valueAt;',
    replace: '    if (matches && start < 0) {\n      start = valueAt;',
    story: 'Of two members of one name the first is sliced and the last is parsed.',
  },
  {
    name: 'envelope-without-its-own-id',
    breaks: ['integrity'],
    requirements: ['BROKER-ENV-1', 'BROKER-PUB-3'],
    file: 'routing/publication.ts',
    find: 'return publication.id ?? `${publication.epoch}:${publication.offset}`;',
    replace: 'return publication.id || `${publication.offset}`;',
    story:
      'A publication without an id is named by its offset alone, and by another name in its ack.',
  },
  {
    name: 'gap-carries-the-inner-name',
    breaks: ['offset-steps', 'conversation'],
    requirements: ['BROKER-FRAME-5'],
    file: 'broker/broker-formats.ts',
    find: 'wire.gap({ ...gap, topic: nameOf(gap.topic) });',
    replace: 'wire.gap(gap);',
    story: 'A gap frame carries the inner name of its topic, which no client knows.',
  },
  {
    name: 'sse-newline-not-split',
    breaks: ['frames', 'integrity', 'conversation'],
    requirements: ['SSE-1', 'SSE-2'],
    file: 'codecs/sse.ts',
    find: 'if (byte <= cr && (byte === lf || byte === cr)) return at;',
    replace: 'if (byte === cr) return at;',
    story:
      'Data with LF between its tokens is written as one line: the rest of it is fields that nobody knows.',
  },
  {
    name: 'sse-cr-lf-is-two-lines',
    breaks: ['integrity'],
    requirements: ['SSE-1'],
    file: 'codecs/sse.ts',
    find: 'data[end] === cr && data[end + 1] === lf ? end + 2 : end + 1;',
    replace: 'data[end] === lf && data[end + 1] === cr ? end + 2 : end + 1;',
    story: 'CR LF in data becomes two line ends.',
  },
  {
    name: 'sse-cr-breaks-an-event',
    breaks: ['frames', 'conversation', 'integrity'],
    requirements: ['SSE-1', 'SSE-2'],
    file: 'codecs/sse.ts',
    find: 'if (data.indexOf(lf) < 0 && data.indexOf(cr) < 0)',
    replace: 'if (data.indexOf(lf) < 0)',
    story:
      'Data with a CR between its tokens is written as it is, and readers take the CR for the end of the line.',
  },
  {
    name: 'surrogates-refused',
    breaks: ['liveness', 'conversation'],
    requirements: ['BROKER-TOPIC-1'],
    file: 'codecs/json-slice.ts',
    find: 'return /[\\ud800-\\udfff]/u.test(text);',
    replace: 'return /[\\ud800-\\udfff]/.test(text);',
    story:
      'Without its flag the expression finds half a pair in every pair: topics with emoji are refused.',
  },
];
