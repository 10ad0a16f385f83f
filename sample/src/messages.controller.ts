import { BadRequestException, Body, Controller, Post } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { CurrentUserToken, RequireScopes, type UserToken } from 'nestjs-mindsphere-credentials';
import { type Message, MessagesService } from './messages.service.js';

const LONGEST_TEXT = 200;

/** A request that changes something: behind the gateway, browsers need the header `x-xsrf-token` for it. */
@Controller('me/messages')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  /** Sends a text to everybody of the user's tenant. */
  @ApiBody({ schema: { properties: { text: { type: 'string', maxLength: LONGEST_TEXT } }, required: ['text'] } })
  @RequireScopes('myapp.user')
  @Post()
  send(@CurrentUserToken() user: UserToken, @Body() body: unknown): Message {
    return this.messages.send(user, textOf(body));
  }
}

function textOf(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  if (typeof text === 'string' && text !== '' && text.length <= LONGEST_TEXT) return text;
  throw new BadRequestException(`text must be a string of 1 to ${LONGEST_TEXT} characters`);
}
