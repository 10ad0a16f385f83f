import { Controller, Get, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CurrentUserToken,
  MindsphereCredentialsModule,
  RequireScopes,
  TokenVerifier,
  type UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { fakeTokenVerifier, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { expect, it, onTestFinished } from 'vitest';

@Controller()
@UseGuards(UserTokenGuard)
class UserController {
  @Get('me')
  me(@CurrentUserToken() user: UserToken): unknown {
    return { tenant: user.tenant, verified: user.verified };
  }

  @Get('admin')
  @RequireScopes('myapp.admin')
  admin(): string {
    return 'ok';
  }
}

it('a fake verifier lets every request in as the given user, and scopes are still checked', async () => {
  const user = fakeUserToken({ tenant: 'acme', scopes: ['myapp.user'] });
  const module = await Test.createTestingModule({
    imports: [MindsphereCredentialsModule.forRoot({ app: false, tenant: false })],
    controllers: [UserController],
  })
    .overrideProvider(TokenVerifier)
    .useValue(fakeTokenVerifier(user))
    .compile();
  const application = module.createNestApplication();
  onTestFinished(() => application.close());
  await application.listen(0, '127.0.0.1');
  const url = await application.getUrl();
  expect(await (await fetch(`${url}/me`)).json()).toEqual({ tenant: 'acme', verified: true });
  expect((await fetch(`${url}/admin`)).status).toBe(403);
});
