import { describe, expect, it } from 'vitest';
import { useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

describe('Hosts that the emulator answers to', () => {
  const lab = useEmulator();
  const { start } = lab;
  const statusAt = async (host: string, path = '/piam/customer/token_keys') =>
    (await rawRequest(lab.emulator.port, { path, headers: { host } })).status;

  it.each([
    '127.0.0.1',
    '127.0.0.1:3001',
    '127.8.9.10',
    'localhost',
    'LocalHost:1',
    '[::1]:3001',
    '[::ffff:127.0.0.1]',
    'gateway.eu1.mindsphere.test',
    'gateway.localhost:3001',
    'GATEWAY.Emulator.Test',
  ])('include %s', async (host) => {
    await start();
    expect(await statusAt(host)).toBe(200);
  });

  it.each([
    'evil.example',
    'gateway.evil.example',
    'x.piam.evil.example',
    'gateway.eu1.mindsphere.io',
    'lab.emulator.test',
    'test',
    'gateway.evil.example.test.evil.example',
    'gateway.eviltest',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.evil.example',
    '192.168.0.1',
    '10.0.0.1:3001',
    '0.0.0.0',
    '[::2]',
    'localhost.',
    'api.eu1.siemens.test',
    '1000001700.eu1.sws.siemens.test',
  ])('do not include %s', async (host) => {
    await start();
    expect(await statusAt(host)).toBe(421);
    expect(await statusAt(host, '/token_keys')).toBe(421);
    expect(lab.emulator.requests()).toEqual([]);
  });

  it('include the names of a domain that it is given, and the domain itself', async () => {
    await start({ domains: ['Mindsphere.io', 'emulator'] });
    expect(await statusAt('gateway.eu1.mindsphere.io')).toBe(200);
    expect(await statusAt('customer.piam.eu1.mindsphere.io', '/token_keys')).toBe(200);
    expect(await statusAt('emulator:3001')).toBe(200);
    expect(await statusAt('www.mindsphere.io')).toBe(421);
    expect(await statusAt('gateway.eu1.notmindsphere.io')).toBe(421);
  });

  it('include the address that it listens on', async () => {
    await start({ host: '0.0.0.0' });
    expect(await statusAt('0.0.0.0:1')).toBe(200);
    expect(await statusAt('192.168.0.1')).toBe(421);
  });

  it('include the names of siemens.app where it plays that, too', async () => {
    await start({ xcelerator: true });
    expect(await statusAt('1000001700.eu1.sws.siemens.test', '/token_keys')).toBe(200);
    expect(await statusAt('1000001700.eu1.sws.evil.example', '/token_keys')).toBe(421);
    expect(await statusAt('api.eu1.siemens.test', '/api/assetmanagement-1000001700/v3/assets')).toBe(401);
    expect(await statusAt('api.eu1.siemens.example', '/api/assetmanagement-1000001700/v3/assets')).toBe(421);
  });

  it.each(['', 'a b', '.', '-a.example', 'a..b'])('cannot be given by the domain %j', async (name) => {
    await expect(start({ domains: [name] })).rejects.toThrow('domains must be');
  });
});
