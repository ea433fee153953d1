/**
 * What a connection to an instance is known by: its address and where that points now, so that a host name that moved is
 * another connection.
 * @param pointsAt the addresses that are connected to, `host:port`.
 */
export function connectionIdentity(address: string, pointsAt: string): string {
  return pointsAt === address ? address : `${address} (${pointsAt})`;
}
