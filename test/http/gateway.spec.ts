import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResolvedPlatform } from '../../lib/config/resolved-options.interface.js';
import { type Destination, Gateway } from '../../lib/http/gateway.js';
import { PLATFORMS } from '../../lib/platform/platforms.js';

const platformAt = (rules: ResolvedPlatform['rules'], gatewayUrl: string): ResolvedPlatform => ({
  rules,
  gatewayUrl,
  issuerUrls: [],
  users: { clientIdsSetting: '' },
});
const MINDSPHERE = platformAt(PLATFORMS.mindsphere, 'https://gateway.eu1.mindsphere.io');
const XCELERATOR = platformAt(PLATFORMS.xcelerator, 'https://api.eu1.siemens.app/base');
const OTHER = 'https://other.test:8443';

/** Pieces that mean something in a URL, with plain words between them. */
const PIECES = [
  ...'/ // . .. /. %2e %2f % ; \\ # ? & = @ : | ^ { api a.b ~ \u00e4 https:// HTTPS:'.split(' '),
  ' ',
  "'",
  '\n',
  MINDSPHERE.gatewayUrl,
  XCELERATOR.gatewayUrl,
  OTHER,
];
const urls = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((text) => `/api/x${text}`),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((text) => `${OTHER}/${text}`),
);

describe('Gateway', () => {
  it.each([
    ['mindsphere.io alone', [MINDSPHERE]],
    ['siemens.app alone, below a path', [XCELERATOR]],
    ['both', [MINDSPHERE, XCELERATOR]],
  ])('gives a URL that a parser reads unchanged, at an allowed origin, or none: %s', (_, platforms) => {
    for (const platform of platforms) {
      const gateway = new Gateway(platform, platforms, [OTHER], platform.gatewayUrl);
      const origins = [OTHER, new URL(platform.gatewayUrl).origin];
      fc.assert(
        fc.property(urls, fc.constantFrom(undefined, true, false), (url, allowAbsoluteUrls) => {
          const { resolved = `${OTHER}/`, code = 'options_invalid' } = outcome(gateway, { url, allowAbsoluteUrls });
          expect(code).toBe('options_invalid');
          expect(new URL(resolved).href).toBe(resolved);
          expect(origins).toContain(new URL(resolved).origin);
        }),
        { numRuns: 3_000 },
      );
    }
  });
});

function outcome(gateway: Gateway, destination: Destination): { resolved?: string; code?: unknown } {
  try {
    return { resolved: gateway.resolve(destination) };
  } catch (error) {
    return { code: Reflect.get(error as object, 'code') };
  }
}
