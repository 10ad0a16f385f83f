import { describe, expect, it } from 'vitest';
import { tenantLabel } from '../../lib/config/run-time-options.js';
import { DerivedCredentials } from '../../lib/credentials/derived-credentials.js';
import { failureOf } from '../support/application.js';

const one = (name: string) => ({ name });

describe('derived credentials', () => {
  it('are found by name and host, and nowhere else', () => {
    const derived = new DerivedCredentials<object>(10, 'host1');
    const [usual, other, none] = [one('usual'), one('other'), one('none')];
    expect(derived.remember(usual, 'acme', 'host1')).toBe(usual);
    expect(derived.remember(other, 'acme', 'host2')).toBe(other);
    expect(derived.remember(none, 'acme')).toBe(none);
    expect(derived.find('acme', 'host1')).toBe(usual);
    expect(derived.find('acme', 'host2')).toBe(other);
    expect(derived.find('acme')).toBe(none);
    expect(derived.find('acme', 'host3')).toBeUndefined();
    expect(derived.find('globex', 'host1')).toBeUndefined();
    expect(derived.all).toEqual([usual, other, none]);
  });

  it('without a usual host are found by their name', () => {
    const derived = new DerivedCredentials<object>(10);
    const [plant, foreign] = [one('plant'), one('foreign')];
    derived.remember(plant, 'plant');
    derived.remember(foreign, 'plant', 'host1');
    expect([derived.find('plant'), derived.find('plant', 'host1')]).toEqual([plant, foreign]);
    expect(derived.find('plant')).toBe(plant);
  });

  it.each([
    ['of the usual host', 'host1'],
    ['of another host', 'host2'],
  ])('%s are forgotten beyond their number, those that came first', (_, host) => {
    const derived = new DerivedCredentials<object>(2, 'host1');
    for (const name of ['a', 'b', 'c']) derived.remember(one(name), name, host);
    expect(derived.find('a', host)).toBeUndefined();
    expect([derived.find('b', host), derived.find('c', host)]).toEqual([one('b'), one('c')]);
    expect(derived.all).toHaveLength(2);
  });
});

it.each([
  ['userTenant', 'a.b'],
  ['hostTenant', ''],
  ['subTenant', undefined],
])('%s is demanded to be a label, without its value', async (name, value) => {
  expect(await failureOf(() => tenantLabel(value, name))).toMatchObject({
    code: 'options_invalid',
    message: `${name} must be one DNS label (letters, digits and inner dashes, at most 63).`,
  });
  expect(tenantLabel('aCme', name)).toBe('acme');
});
