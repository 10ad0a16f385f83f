import { HttpService } from '@nestjs/axios';
import { Axios, type AxiosInstance } from 'axios';

/** A token answer is about 2 kB; a larger one than this is not read to its end. */
export const LARGEST_ANSWER_BYTES = 256 * 1_024;

const USER_AGENT = 'nestjs-mindsphere-credentials';

/**
 * An `HttpService` on an Axios of our own, made by the class so that not even the defaults of the global Axios are
 * inherited: an interceptor, header or base URL that the application sets there must not touch requests with secrets.
 * Answers are given as they are: any status, no parsing, no redirect followed.
 */
export function ownHttpService(): HttpService {
  const axios = new Axios({
    adapter: 'http',
    headers: { Accept: 'application/json', 'User-Agent': USER_AGENT },
    maxContentLength: LARGEST_ANSWER_BYTES,
    // Axios would carry X-SPACE-AUTH-KEY along to another host (measured).
    maxRedirects: 0,
    responseType: 'text',
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });
  // HttpService calls the method without its object.
  axios.request = axios.request.bind(axios);
  return new HttpService(axios as AxiosInstance);
}
