import { readFile } from 'node:fs/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nestjs-mindsphere-credentials';

/** Where the files of the page are, beside `dist/` and beside `src/`. */
const PUBLIC = new URL('../public/', import.meta.url);

/** Nothing from elsewhere, and nothing inline; `'self'` includes the WebSocket. */
const POLICY = "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/**
 * The page of the sample. It is public because nothing in it is secret, and because the gateway lets only users through who
 * have signed in; what it calls is guarded.
 */
@Public()
@ApiExcludeController()
@Controller()
export class FrontEndController {
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-cache')
  @Get()
  page(): Promise<string> {
    return readFile(new URL('index.html', PUBLIC), 'utf8');
  }

  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', 'no-cache')
  @Get('page.js')
  script(): Promise<string> {
    return readFile(new URL('page.js', PUBLIC), 'utf8');
  }

  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', 'no-cache')
  @Get('style.css')
  style(): Promise<string> {
    return readFile(new URL('style.css', PUBLIC), 'utf8');
  }
}
