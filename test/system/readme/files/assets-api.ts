import type { AxiosInstance, AxiosResponse } from 'axios';

/** What `openapi-generator` makes of an API with `typescript-axios`, without its comments. */
export class AssetsApi {
  constructor(
    _configuration: undefined,
    private readonly basePath: string,
    private readonly axios: AxiosInstance,
  ) {}

  listAssets(): Promise<AxiosResponse<unknown>> {
    const url = (this.axios.defaults.baseURL ? '' : this.basePath) + '/api/assetmanagement/v3/assets';
    return this.axios.request({ method: 'GET', url });
  }
}
