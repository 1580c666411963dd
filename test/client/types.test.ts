/** What a call takes and gives follows from the route's record; the compiler holds it to that. */
import { expectTypeOf, test } from 'vitest';
import type {
  AnswerAt,
  AskedAt,
  BytesLine,
  EventsLine,
  JsonLine,
  Line,
  UploadLine,
} from '../../src/client/asked.js';
import type {
  Client,
  CpuProfile,
  Guest,
  KsmdEvent,
  LiveEvent,
  PageMapAnswer,
  Region,
  Status,
} from '../../src/client/index.js';
import type { RouteName } from '../../src/protocol/routes.js';

test('the client has a method of each route’s name', () => {
  expectTypeOf<RouteName>().toExtend<keyof Client>();
});

test('a route answers JSON, or bytes, or events', () => {
  expectTypeOf<JsonLine | UploadLine | BytesLine | EventsLine>().toEqualTypeOf<Line>();
  expectTypeOf<UploadLine>().toEqualTypeOf<
    'PUT /v1/guests/:guest/memory' | 'PUT /v1/guests/:guest/memory/ranges'
  >();
  expectTypeOf<EventsLine>().toEqualTypeOf<'GET /v1/events' | 'GET /v1/live'>();
  expectTypeOf<BytesLine>().toEqualTypeOf<
    | 'GET /v1/guests/:guest/memory'
    | 'GET /v1/snapshot'
    | 'GET /v1/logs'
    | 'GET /'
    | 'GET /dashboard/*'
    | 'GET /metrics'
  >();
});

test('an answer is what the record says', () => {
  expectTypeOf<AnswerAt<'GET /v1/status'>>().toEqualTypeOf<Status>();
  expectTypeOf<AnswerAt<'PUT /v1/guests/:guest'>>().toEqualTypeOf<Guest>();
  expectTypeOf<AnswerAt<'PUT /v1/guests/:guest/regions/:region'>>().toEqualTypeOf<Region>();
  expectTypeOf<AnswerAt<'POST /v1/guests/:guest/fork'>>().toEqualTypeOf<Guest>();
  expectTypeOf<AnswerAt<'DELETE /v1/guests/:guest'>>().toEqualTypeOf<null>();
  expectTypeOf<AnswerAt<'POST /v1/profile'>>().toEqualTypeOf<CpuProfile>();
  expectTypeOf<AnswerAt<'GET /v1/map'>>().toEqualTypeOf<PageMapAnswer>();
  expectTypeOf<AnswerAt<'GET /v1/events'>>().toEqualTypeOf<KsmdEvent>();
  expectTypeOf<AnswerAt<'GET /v1/live'>>().toEqualTypeOf<LiveEvent>();
});

test('a call takes what the record asks for, and nothing else', () => {
  type Asked<L extends Line> = Omit<AskedAt<L>, 'signal'>;
  expectTypeOf<keyof AskedAt<'GET /v1/status'>>().toEqualTypeOf<'signal'>();
  expectTypeOf<Asked<'GET /v1/guests/:guest'>['params']>().toEqualTypeOf<{ guest: string }>();
  expectTypeOf<keyof Asked<'GET /v1/guests/:guest'>>().toEqualTypeOf<'params'>();
  expectTypeOf<{ params: { guest: string } }>().toExtend<Asked<'PUT /v1/guests/:guest'>>();
  expectTypeOf<object>().not.toExtend<Asked<'POST /v1/scan'>>();
  expectTypeOf<Asked<'POST /v1/scan'>['body']>().toEqualTypeOf<{ pages: number }>();
  expectTypeOf<keyof Asked<'PUT /v1/guests/:guest/memory'>>().toEqualTypeOf<
    'params' | 'query' | 'contentType'
  >();
});
