/** Deadlines on progress, over a real connection, with looks when the test says so. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  answerProgress,
  bodyProgress,
  type Progress,
  StallWatch,
} from '../../../src/daemon/http/stall-watch.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';
import { ManualTimers } from '../manual-timers.js';

const LOOKS = 8;
const ENDLESS = 64 * 2 ** 20;

let directory: TemporaryDirectory;
let timers: ManualTimers;
let server: Server;
let client: Socket;
let request: IncomingMessage;
let response: ServerResponse;
/** What was found stalled. */
let stalled: unknown[];
beforeEach(async () => {
  directory = new TemporaryDirectory();
  timers = new ManualTimers();
  stalled = [];
  server = createServer().listen(directory.file('socket'));
  await once(server, 'listening');
  client = createConnection(directory.file('socket'));
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
  [request, response] = await once(server, 'request');
});
afterEach(() => {
  client.destroy();
  server.close();
  server.closeAllConnections();
  directory.remove();
});

function watched<Moving>(moving: Moving, progress: (moving: Moving) => Progress): void {
  new StallWatch(800, progress, (each: Moving) => stalled.push(each), timers).watch(moving);
}

function look(times: number): void {
  for (let i = 0; i < times; i++) timers.tick();
}

test('a body that stands still is stalled at the eighth look, and not looked at any more', () => {
  request.resume();
  watched(request, bodyProgress);
  look(LOOKS - 1);
  expect(stalled).toEqual([]);
  look(1);
  expect(stalled).toEqual([request]);
  expect(timers.ticks.size).toBe(0);
});

test('a body of which one byte comes now and then is let be', async () => {
  request.resume();
  watched(request, bodyProgress);
  for (let sent = 0; sent < 3; sent++) {
    look(LOOKS - 1);
    const { bytesRead } = request.socket;
    client.write('x');
    await until('it has come', () => request.socket.bytesRead > bytesRead);
    look(1);
  }
  expect(stalled).toEqual([]);
});

test('a body that nobody reads is not late', () => {
  watched(request, bodyProgress);
  look(LOOKS * 3);
  expect(stalled).toEqual([]);
});

test('a body is not looked at any more once its connection is gone', async () => {
  request.resume();
  request.on('error', () => {});
  watched(request, bodyProgress);
  client.destroy();
  await until('it is gone', () => request.socket.destroyed);
  look(1);
  expect(timers.ticks.size).toBe(0);
});

test('an answer that is not read is stalled', () => {
  response.write(Buffer.alloc(ENDLESS));
  watched(response, answerProgress);
  look(LOOKS);
  expect(stalled).toEqual([response]);
});

test('an answer that is read a piece now and then is let be', async () => {
  const piece = Buffer.alloc(2 ** 18);
  Readable.from(repeated(piece)).pipe(response);
  await until('it waits to be read', () => response.socket?.writableLength !== 0);
  watched(response, answerProgress);
  for (let read = 0; read < 3; read++) {
    look(LOOKS - 1);
    const before = answerProgress(response);
    client.resume();
    await until('a piece is out', () => answerProgress(response) !== before);
    client.pause();
    look(1);
  }
  expect(stalled).toEqual([]);
});

test('an answer with nothing to read in it for a while is not late', async () => {
  client.resume();
  response.write('something');
  await until('it is out', () => response.socket?.writableLength === 0);
  watched(response, answerProgress);
  look(LOOKS * 3);
  expect(stalled).toEqual([]);
  response.end();
  await until('it has ended', () => response.closed);
  look(1);
  expect(timers.ticks.size).toBe(0);
});

function* repeated(piece: Buffer): Generator<Buffer, void, undefined> {
  for (;;) yield piece;
}
