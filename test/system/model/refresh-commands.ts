import * as fc from 'fast-check';
import type { TenantModel } from './refresh-model.js';
import { type Mood, type Setting, type Tenant, TENANTS, type World } from './refresh-world.js';

type Models = Record<Tenant, TenantModel>;
type Command = fc.AsyncCommand<Models, World>;

/** What is done, and how a counterexample shows it. */
function command(name: string, run: (world: World) => void | Promise<void>): Command {
  return { check: () => true, run: async (_, world) => run(world), toString: () => name };
}

const tenant = fc.constantFrom(...TENANTS);
// Most of what goes wrong goes wrong within one tenant.
const oneTenant = fc.oneof({ arbitrary: fc.constant(TENANTS[0]), weight: 4 }, { arbitrary: tenant, weight: 1 });

const get = oneTenant.map((of) => command(`get(${of})`, (world) => world.get(of)));

const crowd = fc.tuple(oneTenant, fc.integer({ min: 2, max: 5 })).map(([of, callers]) =>
  command(`${callers} × get(${of})`, async (world) => {
    // oxlint-disable-next-line no-await-in-loop -- it is the answers that are awaited, not the callers
    for (let caller = 0; caller < callers; caller += 1) await world.get(of);
  }),
);

const listen = oneTenant.map((of) => command(`listen(${of})`, (world) => world.listen(of)));

const leave = fc.nat(5).map((which) => command(`leave(${which})`, (world) => world.leave(which)));

const invalidate = fc
  .tuple(oneTenant, fc.constantFrom('all' as const, 'current' as const, 'former' as const))
  .map(([of, what]) => command(`invalidate(${of}, ${what})`, (world) => world.invalidate(of, what)));

const rotate = fc.constant(command('rotateSecret()', (world) => world.rotateSecret()));

const pass = fc
  .oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 3_000, max: 60_000 }), fc.constant(400_000))
  .map((timeMs) => command(`pass(${timeMs})`, (world) => world.pass(timeMs)));

type Landmark = (model: TenantModel) => number;
const LANDMARKS: Record<string, Landmark> = {
  aheadMs: ({ margins }) => margins.aheadMs,
  minValidityMs: ({ margins }) => margins.minValidityMs,
  'the last 2 s': () => 2_000,
  'the end': () => 0,
};

/** To just before, just at or just after a moment that matters in the life of the token in hand. */
const passTo = fc
  .tuple(oneTenant, fc.constantFrom(...Object.keys(LANDMARKS)), fc.constantFrom(-1, 1, 0, 500))
  .map(([of, landmark, after]) =>
    command(`passTo(${of}, ${landmark}, ${after})`, async (world) => {
      const model = world.models[of];
      const timeMs = model.left(world.now) - LANDMARKS[landmark]!(model) + after;
      if (model.inHand(world.now) !== undefined && timeMs > 0) await world.pass(timeMs);
    }),
  );

const mood: fc.Arbitrary<Mood> = fc.oneof(
  fc.constant<Mood>({ kind: 'well' }),
  fc.integer({ min: 100, max: 9_000 }).map((delayMs): Mood => ({ kind: 'slow', delayMs })),
  fc.constantFrom(400, 401, 403, 429, 500, 503).map((status): Mood => ({ kind: 'status', status })),
  fc.constant<Mood>({ kind: 'reset' }),
  fc.constant<Mood>({ kind: 'hang' }),
);

const server = mood.map((now) =>
  command(`server(${Object.values(now).join(' ')})`, (world) => {
    world.mood = now;
  }),
);

/** A server that stays as it is, and an application that will not take no for an answer. */
const insist = fc
  .tuple(oneTenant, mood, fc.constantFrom(400, 1_000, 7_000, 31_000), fc.integer({ min: 2, max: 8 }))
  .map(([of, now, everyMs, times]) =>
    command(`insist(${of}, ${Object.values(now).join(' ')}, ${everyMs}, ${times})`, async (world) => {
      world.mood = now;
      for (let time = 0; time < times; time += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one call after the other
        await world.get(of);
        // oxlint-disable-next-line no-await-in-loop
        await world.pass(everyMs);
      }
    }),
  );

const recover = oneTenant.map((of) => command(`recover(${of})`, (world) => world.recover(of)));

/** A day in the life of an application; `replayPath` as a counterexample shows it. */
export const commands = (replayPath?: string) =>
  fc.commands(
    [
      get,
      get,
      get,
      crowd,
      listen,
      leave,
      invalidate,
      rotate,
      pass,
      pass,
      passTo,
      passTo,
      passTo,
      server,
      server,
      insist,
      recover,
    ],
    { maxCommands: 60, size: 'max', ...(replayPath && { replayPath }) },
  );

const MARGINS = { aheadMs: 300_000, minValidityMs: 30_000, retryDelayMs: 250 };

/** Limits and lives that an application may have. */
export const setting: fc.Arbitrary<Setting> = fc.record({
  terms: fc.constantFrom(
    { ...MARGINS, retries: 0, timeoutMs: 4_000, deadlineMs: 5_000 },
    { ...MARGINS, retries: 0, timeoutMs: 10_000, deadlineMs: 15_000 },
    { ...MARGINS, retries: 2, timeoutMs: 2_000, deadlineMs: 5_000 },
    { ...MARGINS, retries: 3, timeoutMs: 10_000, deadlineMs: 15_000 },
  ),
  lifeSeconds: fc.constantFrom(5, 41, 201, 1_801),
  asyncSecret: fc.boolean(),
  seed: fc.nat(),
});
