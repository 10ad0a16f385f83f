import { Injectable } from '@nestjs/common';
import type { Platform, UserToken } from 'nestjs-mindsphere-credentials';
import { filter, type Observable, Subject } from 'rxjs';

/** What somebody has written to everybody of their tenant. */
export interface Message {
  readonly platform: Platform | undefined;
  readonly tenant: string;
  readonly from: string;
  readonly text: string;
}

/**
 * Messages from this instance to its own users. Platform and tenant are the verified token's, never what a request names; an
 * id of a tenant means nothing on the other platform.
 */
@Injectable()
export class MessagesService {
  readonly #messages = new Subject<Message>();

  /** Sends a message to everybody who listens in the user's tenant. */
  send({ platform, tenant = '', userName, userId = '' }: UserToken, text: string): Message {
    const message = { platform, tenant, from: userName ?? userId, text };
    this.#messages.next(message);
    return message;
  }

  /** What is written in the user's tenant from now on. */
  of(user: UserToken): Observable<Message> {
    const { platform: ownPlatform, tenant: ownTenant } = user;
    return this.#messages.pipe(filter(({ platform, tenant }) => platform === ownPlatform && tenant === ownTenant));
  }
}
