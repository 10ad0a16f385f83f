import { Injectable } from '@nestjs/common';
import type { UserToken } from 'nestjs-mindsphere-credentials';
import { filter, type Observable, Subject } from 'rxjs';

/** What somebody has written to everybody of their tenant. */
export interface Message {
  readonly tenant: string;
  readonly from: string;
  readonly text: string;
}

/** Messages from this instance to its own users. The tenant is the verified token's, never one that a request names. */
@Injectable()
export class MessagesService {
  readonly #messages = new Subject<Message>();

  /** Sends a message to everybody who listens in the user's tenant. */
  send({ tenant = '', userName = '' }: UserToken, text: string): Message {
    const message = { tenant, from: userName, text };
    this.#messages.next(message);
    return message;
  }

  /** What is written in the user's tenant from now on. */
  of({ tenant: own }: UserToken): Observable<Message> {
    return this.#messages.pipe(filter(({ tenant }) => tenant === own));
  }
}
