import { ExpressAdapter } from '@nestjs/platform-express';

/** The platform of this application; a Fastify cell puts another file here. */
export const makeAdapter = () => new ExpressAdapter();
