/** What /v1/check and /v1/scanner/restart answer. */
import { type Static, Type } from 'typebox';

export const CheckAnswer = Type.Object({
  disagreements: Type.Array(Type.String(), { description: 'a sentence each; none if all agrees' }),
});
export type CheckAnswer = Static<typeof CheckAnswer>;

export const RestartAnswer = Type.Object({
  afterMs: Type.Number({ description: 'how long no scanner ran' }),
});
export type RestartAnswer = Static<typeof RestartAnswer>;
