import { Injectable } from '@nestjs/common';
import { type MindsphereCredentials, MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { map, type Observable } from 'rxjs';

/** The README's service. */
@Injectable()
export class AssetsService {
  constructor(private readonly http: MindsphereHttpService) {}

  find(credentials: MindsphereCredentials): Observable<unknown> {
    return this.http
      .as(credentials)
      .get('/api/assetmanagement/v3/assets')
      .pipe(map(({ data }) => data));
  }
}
