import type { ResolvedPlatform } from '../../config/resolved-options.interface.js';
import type { Values } from '../../util/json.js';
import type { DecodedJwt } from '../../util/jwt.js';
import type { CheckReport } from './check.js';
import type { RecordedAnswer } from './recorder.js';

/** A token that a server of the platform answered with, decoded. */
export interface ObservedToken {
  readonly answer: RecordedAnswer;
  readonly body: Values;
  readonly jwt: DecodedJwt;
}

/** What was observed of one platform, in a form that the facts are read from. Not for printing. */
export interface Observation {
  readonly site: ResolvedPlatform;
  readonly tokens: { readonly app?: ObservedToken; readonly tenant?: ObservedToken };
  /** Key sets that could be read, by tenant. */
  readonly keySets: ReadonlyMap<string, { readonly answer: RecordedAnswer; readonly keys: readonly Values[] }>;
  /** Answers of token servers that were no success. */
  readonly refusals: readonly RecordedAnswer[];
  readonly reports: readonly CheckReport[];
}

/** Whether a fact was seen so (`true`), seen otherwise (`false`), or not seen. */
export type Seen = boolean | undefined;
