import { mindsphere } from './mindsphere.js';
import type { Platform, PlatformRules } from './platform.interface.js';
import { xcelerator } from './xcelerator.js';

/** The rules of all platforms. What is injected is on the first one where its group is configured. */
export const PLATFORMS = { mindsphere, xcelerator } as const satisfies Record<Platform, PlatformRules>;

/** Whether a value names a platform. */
export function isPlatform(value: unknown): value is Platform {
  return typeof value === 'string' && Object.hasOwn(PLATFORMS, value);
}
