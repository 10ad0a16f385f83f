export { mindsphereOptionsFromConfig } from './config/environment.js';
export type { AppCredentialsOptions, TenantCredentialsOptions } from './config/sections/credentials.options.js';
export type { CacheOptions } from './config/sections/cache.options.js';
export type { ClientSecret } from './config/sealed-secrets.js';
export type { HttpOptions, RefreshOptions, RequestOptions } from './config/sections/requests.options.js';
export type {
  MindsphereCredentialsModuleOptions,
  MindsphereCredentialsOptionsFactory,
} from './config/sections/module.options.js';
export type { RunTimeOptions } from './config/run-time-options.js';
export type { UserTokenOptions, VerificationOptions } from './config/sections/users.options.js';
export type {
  XceleratorAppOptions,
  XceleratorOptions,
  XceleratorTenantOptions,
} from './config/sections/xcelerator.options.js';
export { AppCredentials } from './credentials/app.credentials.js';
export { CurrentAppCredentials } from './credentials/current-app.credentials.js';
export { CurrentUser } from './credentials/current-user.js';
export { getCredentialsToken, InjectCredentials } from './registration/credentials-token.js';
export { MindsphereCredentials } from './token/mindsphere-credentials.js';
export { MindsphereCredentialsFactory, type OnPlatform } from './credentials/mindsphere-credentials.factory.js';
export type { Platform } from './platform/platform.interface.js';
export { TenantCredentials } from './credentials/tenant.credentials.js';
export { CurrentUserMiddleware } from './users/current-user.middleware.js';
export { TokenVerifier } from './users/token-verifier.js';
export type { UserContext } from './credentials/user-context.js';
export { UserToken } from './users/user-token.js';
export {
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorCode,
  type MindsphereCredentialsErrorDetails,
} from './errors/mindsphere-credentials.error.js';
export { CurrentUserToken } from './guard/current-user-token.decorator.js';
export { MindsphereApiExceptionFilter } from './guard/mindsphere-api-exception.filter.js';
export { MindsphereExceptionFilter } from './guard/mindsphere-exception.filter.js';
export { Public, RequireScopes, UseRegistration } from './guard/route.decorators.js';
export { IS_PUBLIC_KEY, REGISTRATION_KEY, REQUIRED_SCOPES_KEY } from './guard/route-rules.js';
export { UserTokenGuard } from './guard/user-token.guard.js';
export { MindsphereHttpClient } from './http/mindsphere-http.client.js';
export { MindsphereHttpService } from './http/mindsphere-http.service.js';
export type { MindsphereRequestConfig } from './http/request-config.js';
export { MindsphereCredentialsModule } from './mindsphere-credentials.module.js';
export type { MindsphereCredentialsModuleExtras } from './mindsphere-credentials.module-definition.js';
export type { TokenStore, TokenStoreEntry, TokenStoreLock } from './store/token-store.interface.js';
export type {
  FailureCodes,
  KeySetReadEvent,
  MindsphereCredentialsEvent,
  StoreEntryRefusedEvent,
  StoreRecoveredEvent,
  StoreTokenStoredEvent,
  StoreTokenTakenEvent,
  StoreUnavailableEvent,
  TokenReceivedEvent,
  TokenRefusedEvent,
  TokenRequestedEvent,
  TokenRetriedEvent,
  TokenServedStaleEvent,
  TokenSubject,
  UserTokenRefusedEvent,
} from './telemetry/credentials-event.interface.js';
export { MindsphereCredentialsEvents } from './telemetry/mindsphere-credentials.events.js';
export { AccessToken } from './token/access-token.js';
