import { describe, expect, it } from 'vitest';
import { tenantLabel } from '../../lib/config/run-time-options.js';
import { DerivedCredentials } from '../../lib/credentials/technical-credentials.js';
import { failureOf } from '../support/application.js';

describe('derived credentials', () => {
  it('are found by tenant and host tenant, and nowhere else', () => {
    const derived = new DerivedCredentials<object>(10);
    const [one, other, none] = [{}, {}, {}];
    expect(derived.remember(one, 'acme', 'host1')).toBe(one);
    expect(derived.remember(other, 'acme', 'host2')).toBe(other);
    expect(derived.remember(none, 'acme')).toBe(none);
    expect(derived.find('acme', 'host1')).toBe(one);
    expect(derived.find('acme', 'host2')).toBe(other);
    expect(derived.find('acme')).toBe(none);
    expect(derived.find('acme', 'host3')).toBeUndefined();
    expect(derived.find('globex', 'host1')).toBeUndefined();
    expect(derived.all).toEqual([one, other, none]);
  });

  it('are forgotten beyond their number, the oldest first', () => {
    const derived = new DerivedCredentials<object>(2);
    for (const name of ['a', 'b', 'c']) derived.remember({ name }, name, 'host1');
    expect(derived.find('a', 'host1')).toBeUndefined();
    expect(derived.all).toEqual([{ name: 'b' }, { name: 'c' }]);
  });
});

it.each([
  ['userTenant', 'a.b', ''],
  ['hostTenant', '', ''],
  ['subTenant', undefined, ', and was given undefined'],
])('%s is demanded to be a label, without its value', async (name, value, hint) => {
  expect(await failureOf(() => tenantLabel(value, name))).toMatchObject({
    code: 'options_invalid',
    message: `${name} must be one DNS label (letters, digits and inner dashes, at most 63)${hint}.`,
  });
  expect(tenantLabel('aCme', name)).toBe('acme');
});
