import { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import type { MindsphereCredentials } from 'nestjs-mindsphere-credentials';
import { map, type Observable, switchMap } from 'rxjs';

/** The README's first service, with the credentials as an argument. */
@Injectable()
export class AssetsService {
  constructor(private readonly http: HttpService) {}

  find(credentials: MindsphereCredentials): Observable<unknown> {
    const url = 'https://gateway.eu1.mindsphere.io/api/assetmanagement/v3/assets';
    return credentials.getAuthorization().pipe(
      switchMap((authorization) => this.http.get<unknown>(url, { headers: { authorization } })),
      map(({ data }) => data),
    );
  }
}
