import axios, { Axios } from 'axios';

const USER_AGENT = 'nestjs-mindsphere-credentials';

/**
 * An Axios of our own, with the usual behaviour but without what an application sets on the global one: an interceptor,
 * header, adapter or base URL there is for other hosts. Only the transformers are the global ones, because Axios offers
 * no others; they never meet a token.
 */
export function ownAxios(baseURL: string, timeout: number): Axios {
  const { transformRequest, transformResponse, transitional, env } = axios.defaults;
  return new Axios({
    baseURL,
    timeout,
    transformRequest,
    transformResponse,
    transitional,
    env,
    headers: { Accept: 'application/json, text/plain, */*', 'User-Agent': USER_AGENT },
    // As with the global Axios, both are unbounded unless a call bounds them.
    maxBodyLength: -1,
    maxContentLength: -1,
    validateStatus: (status) => status >= 200 && status < 300,
  });
}
