import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Where the page is. */
export const DOCS = 'docs';

/**
 * Serves Swagger UI, whose scripts come from this application: press "Authorize", paste a user's token, try the routes.
 * The page and the description itself want no token.
 */
export function serveOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Sample of nestjs-mindsphere-credentials')
    .setDescription(
      'Paste the token of a user that `npm start` has printed, without "Bearer". Answers name their platform.',
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'user')
    .addSecurityRequirements('user')
    .addGlobalResponse(
      { status: 401, description: 'No token, or one that is not accepted' },
      { status: 403, description: 'The user lacks a scope' },
    )
    .build();
  SwaggerModule.setup(DOCS, app, () => SwaggerModule.createDocument(app, config));
}
