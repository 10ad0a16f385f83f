import { describe, expect, it } from 'vitest';
import { publishedUser, publishUser } from '../../lib/users/published-users.js';
import { UserToken } from '../../lib/users/user-token.js';

const user = () => new UserToken(() => ({ value: 'a.b.c' }));

describe.each<[string, () => object]>([
  ['a request', () => ({ headers: {} })],
  ['a request that takes no property', () => Object.freeze({ headers: {} })],
])('the user published for %s', (_, request) => {
  it('is there from then on, also by way of what wraps the request', () => {
    const [raw, alice, verifier] = [request(), user(), {}];
    expect(publishedUser(raw)).toBeUndefined();
    publishUser([{ headers: {}, raw }], { user: alice, verifier, until: Infinity });
    expect(publishedUser(raw)).toBe(alice);
    expect(publishedUser({ req: raw }, verifier)).toBe(alice);
    expect(publishedUser(request())).toBeUndefined();
  });

  it('is the one that its own verifier vouches for; without one, the one that came last', () => {
    const [raw, alice, bob] = [request(), user(), user()];
    const [first, second, third] = [{}, {}, {}];
    publishUser([raw], { user: alice, verifier: first, until: Infinity });
    publishUser([raw], { user: bob, verifier: second, until: Infinity });
    expect([publishedUser(raw, first), publishedUser(raw, second)]).toEqual([alice, bob]);
    expect(publishedUser(raw, first)).toBe(alice);
    expect(publishedUser(raw)).toBe(bob);
    expect(publishedUser(raw, third)).toBeUndefined();
  });

  it('is replaced where its verifier has found another one', () => {
    const [raw, alice, bob, carol] = [request(), user(), user(), user()];
    const [first, second] = [{}, {}];
    publishUser([raw], { user: alice, verifier: first, until: Infinity });
    publishUser([raw], { user: bob, verifier: second, until: Infinity });
    publishUser([raw], { user: carol, verifier: first, until: Infinity });
    expect(publishedUser(raw, first)).toBe(carol);
    expect(publishedUser(raw, second)).toBe(bob);
    expect(publishedUser(raw)).toBe(carol);
  });
});

it('a request that takes properties holds its user itself, where the garbage collector looks anyway', () => {
  const request = { headers: {} };
  const [alice, verifier] = [user(), {}];
  publishUser([request], { user: alice, verifier, until: Infinity });
  const [property = '', ...others] = Object.getOwnPropertySymbols(request);
  expect(others).toEqual([]);
  // A connection may see any number of messages, and guards one after the other.
  for (let message = 0; message < 100; message += 1) publishUser([request], { user: alice, verifier, until: Infinity });
  expect(Reflect.get(request, property)).toEqual([{ user: alice, verifier, until: Infinity }]);
});
