/**
 * docs/api.md has every route, walks each, and has the errors, limits and events that there are.
 */
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/daemon/http/limits.js';
import { HTTP_STATUS } from '../../src/protocol/errors.js';
import type { Route } from '../../src/protocol/route.js';
import { LIVE_EVENTS } from '../../src/protocol/routes/live.js';
import { EVENTS } from '../../src/protocol/routes/streams.js';
import { ROUTES } from '../../src/protocol/routes.js';
import { stepsOf } from './console.js';
import { codeSpans, readDocument, tableUnder } from './markdown.js';

const DOCUMENT = readDocument('docs/api.md');
const routes: readonly Route[] = Object.values(ROUTES);

/** Each request of the console blocks, as `METHOD /path`. */
const walked = DOCUMENT.blocks
  .filter(({ language }) => language === 'console')
  .flatMap(stepsOf)
  .flatMap(({ command }) => {
    const [, path] = /http:\/\/localhost(\/[^\s'?|]*)/.exec(command) ?? [];
    if (path === undefined) return [];
    const [, method = / -T /.test(command) ? 'PUT' : 'GET'] = / -X (\w+)/.exec(command) ?? [];
    return [`${method} ${path}`];
  });

function isOf({ method, path }: Route, request: string): boolean {
  return new RegExp(
    `^${method} ${path.replace(/:\w+|\*$/g, '[^/]+').replaceAll('.', '\\.')}$`,
  ).test(request);
}

test('its table is that of the routes, with what TCP lets be seen', () => {
  const listed = tableUnder(DOCUMENT, 'routes').map(([route = '', tcp]) => ({
    route: route.replaceAll('`', ''),
    tcp: tcp === 'yes',
  }));
  const wanted = routes.map(({ method, path, overTcp }) => ({
    route: `${method} ${path}`,
    tcp: overTcp,
  }));
  const byRoute = (a: { route: string }, b: { route: string }): number =>
    a.route.localeCompare(b.route);
  expect(listed.sort(byRoute)).toEqual(wanted.sort(byRoute));
});

describe('walks', () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s',
    (_name, route) => {
      expect(walked.some((request) => isOf(route, request))).toBe(true);
    },
  );
});

test('names every errno and its HTTP status', () => {
  expect(
    Object.fromEntries(
      tableUnder(DOCUMENT, 'errors').map(([code = '', status]) => [code, Number(status)]),
    ),
  ).toEqual(HTTP_STATUS);
});

test('names every limit and its default', () => {
  const listed = tableUnder(DOCUMENT, 'limits').map(([option = '', value]) => [
    option.replaceAll('`', ''),
    Number(value),
  ]);
  const wanted = Object.entries(DEFAULT_LIMITS).map(([name, value]) => [
    `--${name.replace(/Bytes$/, '').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
    value,
  ]);
  expect(listed).toEqual(wanted);
});

test('names every event', () => {
  expect(codeSpans(DOCUMENT.prose)).toEqual(
    expect.arrayContaining([...Object.keys(EVENTS), ...Object.keys(LIVE_EVENTS)]),
  );
});
