// Turns an error of a connection into the failure of a partition that is given up because of it.

import { type Failure, failure } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { ConnectionError, type ConnectionErrorKind } from "../wire/connection_error.ts";
import type { PeerError } from "../wire/peer_error.ts";

const CODES: Readonly<Record<ConnectionErrorKind, FailureCode>> = {
  unreachable: "BROKER_UNREACHABLE",
  silent: "BROKER_UNREACHABLE",
  closed: "BROKER_UNREACHABLE",
  protocol: "ANSWER_UNUSABLE",
  tls: "TLS_REFUSED",
  authentication: "LOGIN_REFUSED",
  token: "LOGIN_REFUSED",
  unsupported: "BROKER_TOO_OLD",
  foreign: "CLUSTER_DIFFERS",
};

/** The code of the failure. */
export function peerFailureCode(error: PeerError): FailureCode {
  return error instanceof ConnectionError ? CODES[error.kind] : "ANSWER_UNUSABLE";
}

/** The failure, in the error's own words. */
export function peerFailure(error: PeerError): Failure {
  return failure(peerFailureCode(error), error.message);
}
