/** DuckDB, ended while it works: what is under way fails, and nothing of it is used after that. */
import { expect, test } from 'vitest';
import { DuckDBEngine } from '../../src/fleet/duckdb.js';

/** Hours, if nobody ends it. */
const LONG = 'SELECT sum(a.range * b.range % 7) AS sum FROM range(10000000) a, range(10000000) b';

test('a question that is under way ends with the engine, and later ones are refused', async () => {
  for (let round = 0; round < 10; round++) {
    const engine = await DuckDBEngine.open();
    const failed = engine.rows([LONG]).catch((error: unknown) => error);
    await engine.close();
    expect(await failed).toMatchObject({ message: expect.stringMatching(/interrupt/i) });
    await expect(engine.rows(['SELECT 1'])).rejects.toMatchObject({ code: 'ECANCELED' });
  }
});

test('what appends to a table is refused once the engine has ended', async () => {
  const engine = await DuckDBEngine.open();
  const columns = { number: 'INTEGER' } as const;
  await engine.create('numbers', columns);
  const appender = await engine.appender('numbers', columns);
  appender.append([[1, 2, 3]], 3);
  await engine.close();
  expect(() => appender.append([[4]], 1)).toThrow(expect.objectContaining({ code: 'ECANCELED' }));
  expect(() => appender.close()).toThrow(expect.objectContaining({ code: 'ECANCELED' }));
});
