import { UseFilters, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import {
  AppCredentials,
  CurrentUserToken,
  MindsphereExceptionFilter,
  RequireScopes,
  type UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { map, type Observable } from 'rxjs';
import type { Assets } from './assets.model.js';
import { type Message, MessagesService } from './messages.service.js';
import { PlatformService } from './platform.service.js';
import { type User, userOf } from './user.model.js';

/**
 * The same for Socket.IO. Behind the gateway the handshake has a header `Authorization`; elsewhere clients bring the token
 * along: `io(url, { auth: { token } })`. It is judged at each message; what is refused gets an event `exception`. Global
 * filters do not count for gateways, global guards only since NestJS 12.
 */
@UseGuards(UserTokenGuard)
@UseFilters(MindsphereExceptionFilter)
@WebSocketGateway()
export class UserGateway {
  constructor(
    private readonly credentials: AppCredentials,
    private readonly platform: PlatformService,
    private readonly messages: MessagesService,
  ) {}

  /** What the verified token says. */
  @SubscribeMessage('me')
  me(@CurrentUserToken() user: UserToken): User {
    return userOf(user);
  }

  /** As the app, for the user's tenant, on the user's platform. No request scope: a gateway is made once. */
  @RequireScopes('myapp.user')
  @SubscribeMessage('assets')
  assets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.platform.assets(this.credentials.forUser(user));
  }

  /** Events `message`, until the client leaves: what is written in the user's tenant. */
  @RequireScopes('myapp.user')
  @SubscribeMessage('messages')
  follow(@CurrentUserToken() user: UserToken): Observable<WsResponse<Message>> {
    return this.messages.of(user).pipe(map((data) => ({ event: 'message', data })));
  }
}
