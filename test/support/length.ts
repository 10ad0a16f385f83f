import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** How much of a flood the project sends: see vitest.config.ts. */
    floodShare: number;
  }
}

/** Whether the project `system` runs at full length, as `npm run test:system` and CI have it. */
export const isFullLength = process.env['SYSTEM_TESTS'] === 'full';

/** So many requests or tokens as the project sends of a flood of the given size. */
export function flood(size: number): number {
  return Math.ceil(size * inject('floodShare'));
}
