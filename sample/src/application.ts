import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { serveOpenApi } from './open-api.js';

/** The application, configured from the environment; it does not listen yet. Rejects for what is configured wrongly. */
export async function createApplication(options: NestApplicationOptions = {}): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, { ...options, abortOnError: false });
  // In production the list of routes is of use to attackers only.
  if (process.env['NODE_ENV'] !== 'production') serveOpenApi(app);
  return app;
}
