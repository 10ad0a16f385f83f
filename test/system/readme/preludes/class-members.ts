import { AppCredentials, InjectCredentials, TenantCredentials } from 'nestjs-mindsphere-credentials';

export class Example {
  // <block>
}
