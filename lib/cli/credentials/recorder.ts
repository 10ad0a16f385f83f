import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

/** An answer to a request of this process, without the request. */
export interface RecordedAnswer {
  readonly origin: string;
  readonly path: string;
  readonly status: number;
  /** Header names in lower case, with their values. Not for printing. */
  readonly headers: IncomingMessage['headers'];
  /** When the answer began, by the local clock: epoch milliseconds. */
  readonly at: number;
  /** The body so far. Not for printing: it may hold a token. */
  readonly body: () => string;
}

/** Longer bodies are cut, in bytes; key sets and tokens have a few kB. */
const LONGEST_BODY = 262_144;
const CHANNEL = 'http.client.response.finish';

interface Message {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}

/**
 * Records the answers to the requests of this process. It subscribes to Node's diagnostics channel, so the requests are
 * made by the code that an application runs, and not by a copy of it.
 */
export class AnswerRecorder {
  readonly #answers: RecordedAnswer[] = [];
  readonly #onFinish = (message: unknown) => this.#record(message as Message);

  constructor() {
    subscribe(CHANNEL, this.#onFinish);
  }

  /** Answers of an origin so far, the oldest first. */
  of(origin: string): RecordedAnswer[] {
    return this.#answers.filter((answer) => answer.origin === origin);
  }

  /** Answers of a URL so far, the oldest first. */
  at(url: string): RecordedAnswer[] {
    const { origin, pathname } = new URL(url);
    return this.of(origin).filter(({ path }) => path === pathname);
  }

  /** All answers so far, the oldest first. */
  get answers(): readonly RecordedAnswer[] {
    return this.#answers;
  }

  close(): void {
    unsubscribe(CHANNEL, this.#onFinish);
  }

  #record({ request, response }: Message): void {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LONGEST_BODY) chunks.push(chunk);
    });
    const [path = ''] = request.path.split('?');
    this.#answers.push({
      origin: `${request.protocol}//${request.getHeader('host') as string}`,
      path,
      status: response.statusCode ?? 0,
      headers: response.headers,
      at: Date.now(),
      body: () => Buffer.concat(chunks).toString('utf8'),
    });
  }
}
