// Gives Nest's exceptions the gRPC status that they mean. Without it each of them is UNKNOWN, as any error is.
import { status } from "@grpc/grpc-js";
import { Catch, HttpException } from "@nestjs/common";
import { type Observable, throwError } from "rxjs";

const CODES: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.ALREADY_EXISTS,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
};

@Catch(HttpException)
export class GrpcExceptions {
  catch(exception: HttpException): Observable<never> {
    const code = CODES[exception.getStatus()] ?? status.UNKNOWN;
    return throwError(() => ({ code, message: exception.message }));
  }
}
