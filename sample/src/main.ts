import { Logger } from '@nestjs/common';
import { createApplication } from './application.js';
import { portFrom } from './port.js';

/*
 * The application alone, as it is deployed: configured from the environment, listening on PORT (3000) at all addresses.
 * SIGTERM and SIGINT end it with status 0, once what has been asked is answered.
 */

const logger = new Logger('Main');

async function run(): Promise<void> {
  const port = portFrom('PORT', 3000);
  const app = await createApplication();
  // Nest would end the process by the signal itself, which those who run it take for a crash.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(port);
  logger.log(`Listening on ${await app.getUrl()}`);
}

await run().catch((error: unknown) => {
  logger.fatal(error instanceof Error ? error.message : error);
  // A listener or a timer that is left must not keep a failed start alive.
  process.exit(1);
});
