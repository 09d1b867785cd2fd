// An app as the manuals of Express and `@fanoutio/serve-grip` teach it: it holds, publishes through the library, and
// speaks WebSocket over HTTP. It knows its gateway by GRIP_URL only, and takes requests from nobody else.

import {
  Channel,
  HttpResponseFormat,
  HttpStreamFormat,
  WebSocketMessageFormat,
} from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import express from 'express';

const serveGrip = new ServeGrip({ grip: process.env.GRIP_URL, gripProxyRequired: true });
const publisher = serveGrip.getPublisher();
/** The prices so far; the id of each is its number, from 1. */
const prices = [];

const app = express();
app.use(serveGrip);

app.get('/stream', (req, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel('news');
  instruct.setHoldStream();
  instruct.setKeepAlive('\n', 20);
  res.type('text/plain').end(`open, signed: ${req.grip.isSigned}\n`);
});

app.get('/events', (_, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel('events');
  instruct.setHoldStream();
  res.type('text/event-stream').end('retry: 100\n\nevent: hello\ndata: from the app\n\n');
});

app.get('/poll', (_, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel('news');
  instruct.setHoldLongPoll(20);
  res.type('text/plain').set('X-App', 'express').end('nothing for now\n');
});

app.post('/news', express.text(), (req, res, next) => {
  const formats = [
    new HttpStreamFormat(`${req.body}\n`),
    new HttpResponseFormat({ code: '201', headers: { 'X-Told': 'yes' }, body: `${req.body}\n` }),
    new WebSocketMessageFormat(req.body),
  ];
  publisher.publishFormats('news', formats).then(() => res.end('told\n'), next);
});

app.delete('/news', (_, res, next) => {
  const formats = [new HttpStreamFormat(null, true), new WebSocketMessageFormat(null, true, 4001)];
  publisher.publishFormats('news', formats).then(() => res.end('closed\n'), next);
});

// A stream that loses nothing: the link gives what came after the last one that was seen.
app.get('/prices', (req, res) => {
  const last = /last-id=(\d+)/.exec(req.get('grip-last') ?? '')?.[1];
  const from = last === undefined ? Number(req.query.from ?? prices.length) : Number(last);
  const instruct = res.grip.startInstruct();
  instruct.addChannel(new Channel('prices', String(prices.length)));
  instruct.setHoldStream();
  instruct.setNextLink('/prices', 30);
  res.type('text/plain').end(
    prices
      .slice(from)
      .map((price) => `${price}\n`)
      .join(''),
  );
});

app.post('/prices', express.text(), (req, res, next) => {
  prices.push(req.body);
  const [id, previous] = [String(prices.length), String(prices.length - 1)];
  const format = new HttpStreamFormat(`${req.body}\n`);
  const published =
    req.get('x-silent') === undefined
      ? publisher.publishFormats('prices', [format], id, previous)
      : Promise.resolve();
  published.then(() => res.end(`${id}\n`), next);
});

app.post('/socket', (req, res) => {
  const { wsContext } = req.grip;
  if (wsContext === null) {
    res.status(400).end('sockets only\n');
    return;
  }
  if (wsContext.isOpening()) {
    wsContext.accept();
    wsContext.subscribe('news');
    wsContext.sendControl('{"type":"keep-alive","content":"still here","timeout":1}');
    wsContext.meta.visits = '0';
  }
  while (wsContext.canRecv()) {
    let message;
    try {
      message = wsContext.recv();
    } catch {
      break;
    }
    if (message === null) {
      wsContext.close(wsContext.closeCode ?? 1000);
      break;
    }
    wsContext.meta.visits = String(Number(wsContext.meta.visits) + 1);
    if (message === 'leave') wsContext.unsubscribe('news');
    if (message === 'bye') wsContext.close(4002);
    wsContext.send(`${wsContext.meta.visits}: ${message}`);
  }
  res.end();
});

app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
