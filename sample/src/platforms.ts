import type { Platform } from 'nestjs-mindsphere-credentials';

/** The platforms that the app serves. */
export const PLATFORMS: readonly Platform[] = ['mindsphere', 'xcelerator'];
