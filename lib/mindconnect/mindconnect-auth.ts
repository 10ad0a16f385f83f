// oxlint-disable no-underscore-dangle -- the names of the vendor's base class
import { TokenManagerAuth } from '@mindconnect/mindconnect-nodejs';
import type { AxiosInstance } from 'axios';
import { firstValueFrom } from 'rxjs';
import type { MindsphereHttpService } from '../http/mindsphere-http.service.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { refused } from '../verification/refused.js';
import { describedFailure, headersOf, responseOf } from './answers.js';
import { type Action, requestOf } from './request-of-action.js';

/**
 * An authorizer for `new MindSphereSdk(…)` and all clients of `@mindconnect/mindconnect-nodejs` 3. Their calls go out as
 * those of {@link MindsphereHttpService.as}: with the token of the credentials, to the gateway of the token's platform,
 * once more with a new token after a 401, within `request.timeoutMs`. Paths are written as for `mindsphere.io`.
 *
 * A failed call rejects with an `AxiosError` that holds no token: its message has the status and the start of the
 * answer's body, `status` is there where an answer came, `cause` is the failure as Axios words it. Without a token, a
 * call rejects as `getToken` does. No network I/O by itself. Throws `options_invalid` where it is given no credentials.
 */
export function mindconnectAuth(http: MindsphereHttpService, credentials: MindsphereCredentials): TokenManagerAuth {
  return new MindconnectAuth(http, credentials);
}

/** Takes the place of the base class, which demands one and would fetch tokens with it. */
const NO_AUTHORIZATION = 'Basic';

/** The class that the vendor's clients know a user tenant of, without anything that it does itself. */
class MindconnectAuth extends TokenManagerAuth {
  readonly #http: MindsphereHttpService;
  readonly #credentials: MindsphereCredentials;
  readonly #axios: AxiosInstance;
  #tenant?: string;

  constructor(http: MindsphereHttpService, credentials: MindsphereCredentials) {
    super(http.gatewayUrl(), NO_AUTHORIZATION, '-', '-');
    // Made of HTTP_PROXY, it is not used here, and would show the proxy's password in a dump.
    this._proxyHttpAgent = null;
    this.#http = http;
    this.#credentials = credentials;
    this.#axios = http.as(credentials).axiosRef;
  }

  override async GetToken(): Promise<string> {
    const { value, tenant } = await firstValueFrom(this.#credentials.getToken());
    this.#tenant = tenant;
    return value;
  }

  override async RenewToken(): Promise<boolean> {
    await this.GetToken();
    return true;
  }

  protected override AcquireToken(): Promise<boolean> {
    return this.RenewToken();
  }

  override GetGateway(): string {
    return this.#http.gatewayUrl(this.#credentials.platform);
  }

  /** Throws `token_tenant` while the tenant is not known: before the first token of a user who is not verified yet. */
  override GetTenant(): string {
    const tenant = this.#tenant ?? this.#credentials.knownTenant;
    if (tenant !== undefined) return tenant;
    throw refused('token_tenant', 'its tenant is not known before the first token is there');
  }

  override GetUserTenant(): string {
    return this.GetTenant();
  }

  override GetHostTenant(): string {
    return this.GetTenant();
  }

  /** What the vendor's clients send everything with. Their `authorization` is the token that they were given here. */
  override async HttpAction(action: Action): Promise<object | undefined> {
    const kinds = { json: this._apiHeaders, octets: this._octetStreamHeaders, form: this._multipartFormData };
    const request = requestOf(action, this.GetGateway(), kinds);
    try {
      const answer = await this.#axios.request<object | undefined>(request);
      if (action.ignoreCodes?.includes(answer.status) === true) return undefined;
      if (action.rawResponse === true) return responseOf(answer);
      if (action.noResponse !== true) return answer.data;
      return action.returnHeaders === true ? headersOf(answer.headers) : {};
    } catch (failure) {
      throw await describedFailure(failure);
    }
  }
}
